//! A small HTTP client that costs next to nothing, so that what is measured is the server: one kept connection per thread.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// What went wrong.
pub type Fault = Box<dyn Error + Send + Sync>;

/// Longer than any answer may take; without it a server that hangs would hang its caller.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection with a token.
pub struct Client {
    stream: BufReader<TcpStream>,
    head: String,
}

/// An answer, with the headers that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// `Location`.
    pub location: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// Whether it was stored before and was sent again.
    pub replayed: bool,
    /// Whether the server closes the connection after it.
    pub closes: bool,
}

impl Answer {
    /// Whether the command was carried out.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Status and body, for messages.
    pub fn told(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    fn header(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "location" => self.location = Some(value.to_owned()),
            "content-type" => self.content_type = Some(value.to_owned()),
            "retry-after" => self.retry_after = Some(value.to_owned()),
            "idempotent-replayed" => self.replayed = value == "true",
            "connection" => self.closes = value.eq_ignore_ascii_case("close"),
            _ => {}
        }
    }
}

impl Client {
    /// Connects; every request carries the token, unless it is empty.
    pub fn connect(address: SocketAddr, token: &str) -> Result<Self, Fault> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut head = format!("Host: {address}\r\n");
        if !token.is_empty() {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        Ok(Self {
            stream: BufReader::new(stream),
            head,
        })
    }

    /// Sends a request and reads the whole answer.
    pub fn send(&mut self, method: &str, path: &str, key: Option<&str>, body: &str) -> Result<Answer, Fault> {
        self.ask(method, path, key, body)?;
        self.answer()
    }

    /// Sends a request whose answer is read later.
    pub fn ask(&mut self, method: &str, path: &str, key: Option<&str>, body: &str) -> Result<(), Fault> {
        let mut request = format!("{method} {path} HTTP/1.1\r\n{}", self.head);
        if let Some(key) = key {
            request += &format!("Idempotency-Key: {key}\r\n");
        }
        if !body.is_empty() {
            let media_type = if method == "PATCH" { "merge-patch+json" } else { "json" };
            request += &format!("Content-Type: application/{media_type}\r\n");
        }
        request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        Ok(self.stream.get_mut().write_all(request.as_bytes())?)
    }

    /// Sends a request whose answer must be a success, and parses it.
    pub fn json(&mut self, method: &str, path: &str, key: Option<&str>, body: &Value) -> Result<Value, Fault> {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let answer = self.send(method, path, key, &text)?;
        if !answer.succeeded() {
            return Err(format!("{method} {path} {text}: {}", answer.told()).into());
        }
        Ok(answer.json())
    }

    /// Reads the whole answer to what was asked.
    pub fn answer(&mut self) -> Result<Answer, Fault> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let mut answer = Answer {
            status: line.split(' ').nth(1).ok_or("no status line")?.parse()?,
            ..Answer::default()
        };
        let mut length = 0;
        loop {
            line.clear();
            if self.stream.read_line(&mut line)? == 0 {
                return Err("the answer ends in its head".into());
            }
            if line.trim_end().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse()?;
                }
                answer.header(name, value);
            }
        }
        answer.body = vec![0; length];
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }
}

/// The text of a member of an answer.
pub fn text(value: &Value) -> Result<String, Fault> {
    Ok(value.as_str().ok_or("a member is missing")?.to_owned())
}
