//! SMTP: one server, chosen by the operator. Mails are built with typed headers, so that no text can add one.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Attachment, Body, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, Message, SmtpTransport, Transport};
use time::OffsetDateTime;

use super::render::one_line;
use crate::config::MailConfig;

/// How long one step of the conversation with the mail server may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);

/// A setting about mail that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailConfigError {
    /// Not an address of a mail server.
    #[error(
        "SMTP_URL must look like smtps://user:password@host, smtp://user:password@host:587 or smtp://127.0.0.1:1025"
    )]
    InvalidUrl,
    /// Plain text would carry passwords and contracts over the network.
    #[error("SMTP_URL: without encryption only a mail server on this machine can be used; leave out tls=none")]
    PlainText,
    /// No sender.
    #[error("MAIL_FROM is not set; with SMTP_URL it is needed, for example contracts@example.com")]
    NoSender,
    /// Not a sender.
    #[error("MAIL_FROM: {0:?} is not an e-mail address")]
    InvalidSender(String),
    /// The certificates cannot be read.
    #[error("SMTP_CA_FILE: {0}")]
    Certificates(String),
}

/// A mail ready to travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// Date of the mail.
    pub written_at: OffsetDateTime,
    /// Name shown as the sender.
    pub from_name: String,
    /// Address for answers.
    pub reply_to: Option<String>,
    /// Address it goes to.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// What goes with it.
    pub attachments: Vec<OutgoingAttachment>,
}

/// A file that goes with a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingAttachment {
    /// Name of the file.
    pub file_name: String,
    /// Media type, for example `application/pdf`.
    pub media_type: String,
    /// Content.
    pub content: Vec<u8>,
}

/// Why a mail was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    /// Whether another attempt would end the same way.
    pub is_permanent: bool,
    /// What happened, in one line.
    pub reason: String,
}

/// The way to the mail server. A connection per mail: nothing is left half open between two of them.
pub struct Mailer {
    transport: SmtpTransport,
    from: Address,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Mailer(from {})", self.from)
    }
}

impl Mailer {
    /// The mailer of a configuration; `None` without `SMTP_URL`. Nothing is connected yet.
    ///
    /// # Errors
    /// When a setting cannot be used.
    pub fn new(config: &MailConfig) -> Result<Option<Self>, MailConfigError> {
        let Some(url) = &config.smtp_url else { return Ok(None) };
        let from = config.mail_from.as_deref().ok_or(MailConfigError::NoSender)?;
        let from: Address = from
            .parse()
            .map_err(|_| MailConfigError::InvalidSender(from.to_owned()))?;
        let url = url::Url::parse(url.expose()).map_err(|_| MailConfigError::InvalidUrl)?;
        let host = url.host_str().ok_or(MailConfigError::InvalidUrl)?.to_owned();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let wants = url
            .query_pairs()
            .find(|(name, _)| name == "tls")
            .map(|(_, value)| value.into_owned());
        let tls = match (url.scheme(), wants.as_deref()) {
            ("smtps", None) => Tls::Wrapper(tls_parameters(config, &host)?),
            ("smtp", Some("required")) => Tls::Required(tls_parameters(config, &host)?),
            ("smtp", Some("none")) if !is_loopback(&host) => return Err(MailConfigError::PlainText),
            ("smtp", None | Some("none")) if is_loopback(&host) => Tls::None,
            ("smtp", None) => Tls::Required(tls_parameters(config, &host)?),
            _ => return Err(MailConfigError::InvalidUrl),
        };
        let mut bare = url;
        bare.set_query(None);
        let builder = SmtpTransport::from_url(bare.as_str()).map_err(|_| MailConfigError::InvalidUrl)?;
        let builder = match (bare.scheme(), bare.port()) {
            // Submission, RFC 6409; a mail server on this machine is more likely to listen where mail servers do.
            ("smtp", None) if !matches!(tls, Tls::None) => builder.port(587),
            _ => builder,
        };
        let transport = builder.tls(tls).timeout(Some(STEP_TIMEOUT)).build();
        Ok(Some(Self { transport, from }))
    }

    /// Hands a mail to the mail server.
    ///
    /// # Errors
    /// When it did not accept the mail, or none was reached.
    pub fn send(&self, mail: &Outgoing) -> Result<(), SendError> {
        let message = message(mail, &self.from).map_err(|reason| SendError {
            is_permanent: true,
            reason,
        })?;
        match self.transport.send(&message) {
            Ok(_) => Ok(()),
            Err(error) => Err(SendError {
                is_permanent: error.is_permanent(),
                reason: one_line(&explain(&error)).chars().take(500).collect(),
            }),
        }
    }
}

fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tls_parameters(config: &MailConfig, host: &str) -> Result<TlsParameters, MailConfigError> {
    let unusable = |error: &dyn std::fmt::Display| MailConfigError::Certificates(error.to_string());
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &config.smtp_ca_file {
        let pem = std::fs::read(path).map_err(|error| unusable(&error))?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unusable(&error))?);
    }
    builder.build().map_err(|error| unusable(&error))
}

/// Whether mail can be addressed there, in whatever script (RFC 6531). Whether anybody reads it is not known.
pub fn is_address(text: &str) -> bool {
    // Quoted names and numbers in brackets are addresses on paper, but no mail goes there.
    !text.contains(['"', '[']) && text.parse::<Address>().is_ok()
}

/// The mail as it goes over the wire.
///
/// # Errors
/// In words, when an address is none.
pub fn message(mail: &Outgoing, from: &Address) -> Result<Message, String> {
    let address = |text: &str| text.parse::<Address>().map_err(|error| format!("{text:?}: {error}"));
    let from_name = one_line(&mail.from_name);
    let mut builder = Message::builder()
        .from(Mailbox::new((!from_name.is_empty()).then_some(from_name), from.clone()))
        .to(Mailbox::new(None, address(&mail.to)?))
        .subject(one_line(&mail.subject))
        .message_id(Some(format!("<{}>", mail.message_id)))
        .date(mail.written_at.into())
        .raw_header(automatic());
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    let body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let message = if mail.attachments.is_empty() {
        builder.multipart(body)
    } else {
        let mut mixed = MultiPart::mixed().multipart(body);
        for attachment in &mail.attachments {
            mixed = mixed.singlepart(attached(attachment)?);
        }
        builder.multipart(mixed)
    };
    message.map_err(|error| error.to_string())
}

/// RFC 3834: tells absence notices and other robots not to answer.
fn automatic() -> lettre::message::header::HeaderValue {
    use lettre::message::header::{HeaderName, HeaderValue};
    HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    )
}

/// A file as it goes over the wire, always as base64: its bytes are what their hash proves, and a server may touch the line ends
/// and leading dots of anything that travels as text.
fn attached(attachment: &OutgoingAttachment) -> Result<SinglePart, String> {
    let media_type = ContentType::parse(&attachment.media_type).map_err(|error| error.to_string())?;
    let content = Body::new_with_encoding(attachment.content.clone(), ContentTransferEncoding::Base64)
        .map_err(|_| format!("{} cannot be encoded", attachment.file_name))?;
    Ok(Attachment::new(attachment.file_name.clone()).body(content, media_type))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn mail() -> Outgoing {
        Outgoing {
            message_id: "eml_1@example.com".to_owned(),
            written_at: time::macros::datetime!(2026-03-16 10:00 UTC),
            from_name: "Müller GmbH".to_owned(),
            reply_to: Some("post@example.com".to_owned()),
            to: "erika@example.com".to_owned(),
            subject: "Ihre Kündigung".to_owned(),
            text: "Guten Tag".to_owned(),
            html: "<p>Guten Tag</p>".to_owned(),
            attachments: Vec::new(),
        }
    }

    fn headers(mail: &Outgoing) -> Result<Vec<String>, String> {
        let from: Address = "contracts@example.com".parse().expect("an address");
        let raw = String::from_utf8(message(mail, &from)?.formatted()).expect("ASCII");
        let head = raw.split_once("\r\n\r\n").expect("a body").0.to_owned();
        let starts = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        Ok(starts
            .map(|line| line.split(':').next().unwrap_or_default().to_owned())
            .collect())
    }

    #[test]
    fn no_text_can_add_a_header() {
        let usual = headers(&mail()).expect("a mail");
        assert!(
            usual.contains(&"Auto-Submitted".to_owned()) && usual.contains(&"Message-ID".to_owned()),
            "{usual:?}"
        );
        for hostile in [
            "a\r\nBcc: x@y.example",
            "a\nBcc: x@y.example",
            "a\rBcc: x@y.example",
            "a\0\u{2028}Bcc: x@y.example",
        ] {
            let mut attacked = mail();
            attacked.subject = hostile.to_owned();
            attacked.from_name = hostile.to_owned();
            assert_eq!(headers(&attacked).expect("a mail"), usual, "{hostile:?}");
            let into_to: fn(&mut Outgoing, String) = |mail, text| mail.to = text;
            let into_reply: fn(&mut Outgoing, String) = |mail, text| mail.reply_to = Some(text);
            for put in [into_to, into_reply] {
                let mut attacked = mail();
                put(
                    &mut attacked,
                    format!("erika@example.com{}", hostile.trim_start_matches('a')),
                );
                assert!(headers(&attacked).is_err(), "{hostile:?} is no address");
            }
        }
    }

    #[test]
    fn plain_text_stays_on_this_machine_and_a_sender_is_needed() {
        let config = |url: &str| MailConfig {
            smtp_url: Some(Secret::new(url)),
            mail_from: Some("contracts@example.com".to_owned()),
            ..MailConfig::default()
        };
        for good in [
            "smtps://user:password@mail.example.com",
            "smtp://user:p%40ss@mail.example.com:587",
            "smtp://mail.example.com",
            "smtp://127.0.0.1:1025",
            "smtp://[::1]:1025",
            "smtp://localhost:1025?tls=required",
        ] {
            assert!(
                Mailer::new(&config(good)).is_ok_and(|mailer| mailer.is_some()),
                "{good}"
            );
        }
        for plain in ["smtp://mail.example.com?tls=none", "smtp://192.0.2.1:25?tls=none"] {
            assert!(
                matches!(Mailer::new(&config(plain)), Err(MailConfigError::PlainText)),
                "{plain}"
            );
        }
        for wrong in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://h?tls=maybe",
            "smtps://h?tls=none",
        ] {
            assert!(
                matches!(Mailer::new(&config(wrong)), Err(MailConfigError::InvalidUrl)),
                "{wrong}"
            );
        }
        let mut nobody = config("smtp://127.0.0.1:1025");
        nobody.mail_from = None;
        assert!(matches!(Mailer::new(&nobody), Err(MailConfigError::NoSender)));
        nobody.mail_from = Some("a@b\r\nBcc: c@d".to_owned());
        assert!(matches!(Mailer::new(&nobody), Err(MailConfigError::InvalidSender(_))));
        assert!(Mailer::new(&MailConfig::default()).is_ok_and(|mailer| mailer.is_none()));
    }
}
