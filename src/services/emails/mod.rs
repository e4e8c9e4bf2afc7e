//! E-mails: the outbox that commands write in their own transaction, its delivery, and the history.

mod compose;
mod deliver;
mod read;

use serde_json::Value;
use time::OffsetDateTime;

use crate::db::{DbConnection, JsonText};
use crate::domain::catalogue::ProviderSettings;
use crate::domain::email::{EmailKind, EmailStatus};
use crate::domain::ids::IdKind;
use crate::domain::localized::Locale;
use crate::error::AppError;
use crate::mail::render::{self, Rendered};
use crate::repositories::emails::{self, EmailRow};

pub use crate::repositories::emails::{EmailAttachment, EmailSender};
pub use compose::{Addressee, for_events};
pub use deliver::deliver_next;
pub use read::{EmailQuery, EmailView, find, list, resend};

/// A mail to be written into the outbox.
#[derive(Debug, Clone)]
pub struct NewEmail<'a> {
    /// In whose name.
    pub provider_id: &'a str,
    /// Name, answers and look of the mail.
    pub provider: &'a ProviderSettings,
    /// The customer, if one is known.
    pub customer_id: Option<&'a str>,
    /// The contract it is about, if any.
    pub subscription_id: Option<&'a str>,
    /// The event it tells about, if any; one mail of a kind per event.
    pub event_id: Option<&'a str>,
    /// The change, booking, invoice or declaration it is about.
    pub object_id: Option<&'a str>,
    /// What it is about.
    pub kind: EmailKind,
    /// Language.
    pub locale: Locale,
    /// Address it goes to.
    pub to: &'a str,
    /// Values for the template (see [`crate::mail::content`]).
    pub values: &'a Value,
    /// Documents that go with it.
    pub attachments: Vec<EmailAttachment>,
    /// When that happened which it tells about, on the customer's time.
    pub occurred_at: OffsetDateTime,
    /// The present instant of the wall clock.
    pub now: OffsetDateTime,
}

/// Writes a mail into the outbox, to be called in the transaction of what it tells about; its id. A template that cannot be
/// rendered never stops a declaration: the mail is written as failed and the operator is told.
///
/// # Errors
/// Those of the database.
pub fn enqueue(conn: &mut DbConnection, new: NewEmail<'_>) -> Result<String, AppError> {
    let row = written(new);
    emails::insert(conn, std::slice::from_ref(&row))?;
    Ok(row.id)
}

/// A mail as it goes into the outbox.
fn written(new: NewEmail<'_>) -> EmailRow {
    let (rendered, fault) = match render::render(new.kind, new.locale, new.values) {
        Ok(rendered) => (rendered, None),
        Err(error) => {
            tracing::error!(?error, kind = new.kind.as_str(), "a mail could not be written");
            let nothing = Rendered {
                subject: new.kind.as_str().to_owned(),
                text: String::new(),
                html: String::new(),
            };
            (nothing, Some("the template could not be rendered".to_owned()))
        }
    };
    let status = if fault.is_some() {
        EmailStatus::Failed
    } else {
        EmailStatus::Queued
    };
    let id = IdKind::Email.generate();
    EmailRow {
        message_id: message_id(&id, &new.provider.contact.email),
        id,
        provider_id: new.provider_id.to_owned(),
        customer_id: new.customer_id.map(str::to_owned),
        subscription_id: new.subscription_id.map(str::to_owned),
        event_id: new.event_id.map(str::to_owned),
        object_id: new.object_id.map(str::to_owned),
        resent_from_id: None,
        kind: new.kind.as_str().to_owned(),
        locale: new.locale.as_str().to_owned(),
        recipient: new.to.to_owned(),
        subject: rendered.subject,
        body_text: rendered.text,
        body_html: rendered.html,
        attachments: JsonText(new.attachments),
        sender: JsonText(sender(new.provider)),
        status: status.as_str().to_owned(),
        attempts: 0,
        next_attempt_at: new.now.into(),
        leased_until: None,
        last_error: fault,
        skip_reason: None,
        occurred_at: new.occurred_at.into(),
        created_at: new.now.into(),
        sent_at: None,
    }
}

/// Who the provider's mails are from.
fn sender(provider: &ProviderSettings) -> EmailSender {
    let mail = provider.mail.as_ref();
    let chosen_name = mail.and_then(|mail| mail.from_name.clone());
    let reply_to = mail.and_then(|mail| mail.reply_to.clone());
    EmailSender {
        name: chosen_name.unwrap_or_else(|| provider.name.clone()),
        reply_to: reply_to.or_else(|| Some(provider.contact.email.clone()).filter(|email| !email.is_empty())),
    }
}

/// A `Message-ID` of its own for each mail: the mail's id at the domain of the provider's contact.
fn message_id(id: &str, contact: &str) -> String {
    let domain = contact.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_name = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
    };
    let domain = if is_name(domain) {
        domain
    } else {
        "vertragswerk.invalid"
    };
    format!("{id}@{domain}")
}
