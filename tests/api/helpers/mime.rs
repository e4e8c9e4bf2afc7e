//! A reader of MIME.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A MIME part: a whole mail, or one of its parts.
#[derive(Debug, Clone)]
pub struct Mime {
    /// Headers in order, unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// The decoded body, of leaves.
    pub body: Vec<u8>,
    /// The parts, of multiparts.
    pub parts: Vec<Mime>,
}

impl Mime {
    /// Reads a mail or a part.
    pub fn parse(raw: &str) -> Self {
        let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in head.split("\r\n") {
            match headers.last_mut() {
                Some((_, value)) if line.starts_with([' ', '\t']) => {
                    value.push(' ');
                    value.push_str(line.trim_start());
                }
                _ => {
                    let (name, value) = line.split_once(':').unwrap_or((line, ""));
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
            }
        }
        let mut mime = Self {
            headers,
            body: Vec::new(),
            parts: Vec::new(),
        };
        let media_type = mime.header("content-type");
        if let Some((_, rest)) = media_type.split_once("boundary=") {
            let boundary = rest.split(';').next().unwrap_or_default().trim().trim_matches('"');
            let marker = format!("--{boundary}");
            let mut pieces = body.split(&marker).skip(1);
            mime.parts = pieces
                .by_ref()
                .take_while(|piece| !piece.starts_with("--"))
                .map(|piece| Self::parse(piece.trim_start_matches("\r\n").trim_end_matches("\r\n")))
                .collect();
        } else {
            mime.body = match mime.header("content-transfer-encoding").as_str() {
                "base64" => STANDARD.decode(body.replace("\r\n", "")).expect("base64"),
                "quoted-printable" => unquote(body),
                _ => body.as_bytes().to_vec(),
            };
        }
        for (_, value) in &mut mime.headers {
            *value = decode_words(value);
        }
        mime
    }

    /// The header of this name; empty if there is none.
    pub fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// All leaves of this media type.
    pub fn leaves(&self, media_type: &str) -> Vec<&Mime> {
        if self.parts.is_empty() {
            let own = self.header("content-type").to_ascii_lowercase();
            return if own.starts_with(media_type) {
                vec![self]
            } else {
                Vec::new()
            };
        }
        self.parts.iter().flat_map(|part| part.leaves(media_type)).collect()
    }

    /// The first plain text.
    pub fn text(&self) -> String {
        self.leaves("text/plain")[0].string()
    }

    /// The first HTML.
    pub fn html(&self) -> String {
        self.leaves("text/html")[0].string()
    }

    /// The body as text.
    pub fn string(&self) -> String {
        String::from_utf8(self.body.clone())
            .expect("UTF-8")
            .replace("\r\n", "\n")
    }
}

fn unquote(text: &str) -> Vec<u8> {
    let joined = text.replace("=\r\n", "");
    let bytes = joined.as_bytes();
    let mut out = Vec::new();
    let mut index = 0;
    while index < bytes.len() {
        let escaped = (bytes[index] == b'=')
            .then(|| joined.get(index + 1..index + 3))
            .flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                index += 3;
            }
            None => {
                out.push(bytes[index]);
                index += 1;
            }
        }
    }
    out
}

/// Encoded words (RFC 2047) in UTF-8; blanks between two of them belong to neither.
fn decode_words(value: &str) -> String {
    let value = value.replace("?= =?", "?==?");
    let mut out = String::new();
    let mut rest = value.as_str();
    while let Some((before, after)) = rest.split_once("=?utf-8?") {
        let Some((encoding, tail)) = after.split_once('?') else {
            break;
        };
        let Some((word, following)) = tail.split_once("?=") else {
            break;
        };
        out.push_str(before);
        let bytes = match encoding {
            "b" | "B" => STANDARD.decode(word).expect("base64"),
            _ => unquote(&word.replace('_', " ")),
        };
        out.push_str(&String::from_utf8_lossy(&bytes));
        rest = following;
    }
    out + rest
}
