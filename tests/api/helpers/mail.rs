//! A mail server that speaks real SMTP on this machine, says no when told to, and keeps what arrives.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::{Condvar, Mutex};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use vertragswerk::config::{MailConfig, Secret};
use vertragswerk::state::{AppState, Delivery};

use super::mime::Mime;

/// What the server does with the next mail.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    /// Answers the recipient with this line, for example `451 4.3.0 Later`.
    RefuseRecipient(&'static str),
    /// Takes the mail and answers its end with this line.
    RefuseContent(&'static str),
    /// Takes the mail and hangs up without an answer.
    HangUpAfterContent,
    /// Reads the mail and accepts it only when released.
    Hold,
    /// Hangs up when greeted.
    HangUp,
}

/// A mail server.
pub struct MailServer {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    script: Mutex<VecDeque<Behaviour>>,
    accepted: Mutex<Vec<Received>>,
    refused: Mutex<Vec<Received>>,
    /// How many mails are held, and whether they may go on.
    held: (Mutex<(usize, bool)>, Condvar),
    tls: Option<Arc<ServerConfig>>,
    /// Whether it speaks TLS from the first byte on.
    wrapped: bool,
}

/// A mail as it came over the wire.
#[derive(Debug, Clone)]
pub struct Received {
    /// `MAIL FROM`.
    pub from: String,
    /// `RCPT TO`.
    pub to: String,
    /// Whether the conversation was encrypted.
    pub encrypted: bool,
    /// `user\0password` of AUTH PLAIN.
    pub login: Option<String>,
    /// Headers and body as they came, dots unstuffed.
    pub raw: String,
    /// Headers and body.
    pub mime: Mime,
}

/// Certificate authority of the encrypted server.
pub fn authority() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/helpers/tls/ca.pem")
}

impl MailServer {
    /// A server without encryption.
    pub fn plain() -> Self {
        Self::start(None, false)
    }

    /// A server that offers STARTTLS and AUTH.
    pub fn encrypted() -> Self {
        Self::start(Some(Self::tls()), false)
    }

    /// A server that speaks TLS from the first byte on (`smtps`).
    pub fn wrapped() -> Self {
        Self::start(Some(Self::tls()), true)
    }

    fn tls() -> Arc<ServerConfig> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/helpers/tls");
        let certificate = CertificateDer::from_pem_file(folder.join("server.pem")).expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .expect("a TLS configuration");
        Arc::new(config)
    }

    fn start(tls: Option<Arc<ServerConfig>>, wrapped: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            script: Mutex::default(),
            accepted: Mutex::default(),
            refused: Mutex::default(),
            held: Default::default(),
            tls,
            wrapped,
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A client that hangs up ends only its own conversation.
                std::thread::spawn(move || {
                    let _ = converse(&shared, stream);
                });
            }
        });
        Self { port, shared }
    }

    /// What the server does with the next mail; without instructions it accepts.
    pub fn next(&self, behaviour: Behaviour) {
        self.shared.script.lock().push_back(behaviour);
    }

    /// The mails it has accepted, in order.
    pub fn accepted(&self) -> Vec<Received> {
        self.shared.accepted.lock().clone()
    }

    /// The mails it has read, but not accepted.
    pub fn refused(&self) -> Vec<Received> {
        self.shared.refused.lock().clone()
    }

    /// How many mails it was told to hold and has read.
    pub fn held(&self) -> usize {
        self.shared.held.0.lock().0
    }

    /// Accepts the mails it holds.
    pub fn release(&self) {
        self.shared.held.0.lock().1 = true;
        self.shared.held.1.notify_all();
    }

    /// Its configuration: `login` and `query` complete `smtp://127.0.0.1:port`.
    pub fn config(&self, login: &str, query: &str) -> MailConfig {
        let scheme = if self.shared.wrapped { "smtps" } else { "smtp" };
        let url = format!("{scheme}://{login}127.0.0.1:{}{query}", self.port);
        MailConfig {
            smtp_url: Some(Secret::new(url)),
            mail_from: Some("vertraege@portal.example".to_owned()),
            ..MailConfig::default()
        }
    }

    /// The state of a process that sends through this server.
    pub fn sender(&self, state: &AppState) -> AppState {
        sender(state, &self.config("", ""))
    }
}

/// The state of a process that sends as configured.
pub fn sender(state: &AppState, config: &MailConfig) -> AppState {
    let mut state = state.clone();
    state.delivery = Arc::new(Delivery::of(config, true).expect("a mail configuration"));
    state
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

fn converse(shared: &Shared, tcp: TcpStream) -> std::io::Result<()> {
    let mut behaviour = shared.script.lock().pop_front();
    if matches!(behaviour, Some(Behaviour::HangUp)) {
        return Ok(());
    }
    let mut link: BufReader<Box<dyn Stream>> = BufReader::new(Box::new(tcp.try_clone()?));
    let mut socket = Some(tcp);
    let (mut encrypted, mut login, mut from, mut to) = (false, None, String::new(), String::new());
    if shared.wrapped {
        link = encrypt(shared, &mut socket)?;
        encrypted = true;
    }
    say(&mut link, "220 test ESMTP")?;
    let mut line = String::new();
    loop {
        line.clear();
        if link.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let command = line.trim_end().to_owned();
        let upper = command.to_ascii_uppercase();
        if upper.starts_with("EHLO") {
            let extra = match (&shared.tls, encrypted) {
                (Some(_), false) => "250-STARTTLS\r\n",
                (Some(_), true) => "250-AUTH PLAIN\r\n",
                (None, _) => "",
            };
            say(&mut link, &format!("250-test\r\n{extra}250 8BITMIME"))?;
        } else if upper == "STARTTLS" {
            if shared.tls.is_none() || encrypted {
                say(&mut link, "502 no")?;
                continue;
            }
            say(&mut link, "220 go")?;
            link = encrypt(shared, &mut socket)?;
            encrypted = true;
        } else if let Some(secret) = command.strip_prefix("AUTH PLAIN ") {
            let secret = STANDARD.decode(secret).unwrap_or_default();
            login = Some(String::from_utf8_lossy(&secret).trim_start_matches('\0').to_owned());
            say(&mut link, "235 welcome")?;
        } else if upper.starts_with("MAIL FROM:") {
            from = command[10..].to_owned();
            say(&mut link, "250 ok")?;
        } else if upper.starts_with("RCPT TO:") {
            to = command[8..].to_owned();
            if let Some(Behaviour::RefuseRecipient(answer)) =
                behaviour.take_if(|next| matches!(next, Behaviour::RefuseRecipient(_)))
            {
                say(&mut link, answer)?;
            } else {
                say(&mut link, "250 ok")?;
            }
        } else if upper == "DATA" {
            say(&mut link, "354 go ahead")?;
            let raw = read_content(&mut link)?;
            let mime = Mime::parse(&raw);
            let received = Received {
                from: from.clone(),
                to: to.clone(),
                encrypted,
                login: login.clone(),
                raw,
                mime,
            };
            match behaviour.take() {
                Some(Behaviour::RefuseContent(answer)) => {
                    shared.refused.lock().push(received);
                    say(&mut link, answer)?;
                }
                Some(Behaviour::HangUpAfterContent) => {
                    shared.refused.lock().push(received);
                    return Ok(());
                }
                next => {
                    if matches!(next, Some(Behaviour::Hold)) {
                        let mut held = shared.held.0.lock();
                        held.0 += 1;
                        shared.held.1.wait_while(&mut held, |held| !held.1);
                    }
                    shared.accepted.lock().push(received);
                    say(&mut link, "250 taken")?;
                }
            }
        } else if upper == "QUIT" {
            return say(&mut link, "221 bye");
        } else {
            say(&mut link, "250 ok")?;
        }
    }
}

/// Speaks TLS from here on.
fn encrypt(shared: &Shared, socket: &mut Option<TcpStream>) -> std::io::Result<BufReader<Box<dyn Stream>>> {
    let (Some(config), Some(tcp)) = (&shared.tls, socket.take()) else {
        return Err(std::io::ErrorKind::Unsupported.into());
    };
    let connection = ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
    Ok(BufReader::new(Box::new(StreamOwned::new(connection, tcp))))
}

fn say(link: &mut BufReader<Box<dyn Stream>>, text: &str) -> std::io::Result<()> {
    link.get_mut().write_all(format!("{text}\r\n").as_bytes())?;
    link.get_mut().flush()
}

/// Everything up to the line with the single dot, dots unstuffed.
fn read_content(link: &mut BufReader<Box<dyn Stream>>) -> std::io::Result<String> {
    let mut content = String::new();
    loop {
        let mut line = String::new();
        if link.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(content);
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
