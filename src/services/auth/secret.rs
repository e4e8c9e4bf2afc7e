//! Random secrets and their fingerprints. A secret has 256 random bits, so a plain hash is enough to store it.

use rand::distr::{Alphanumeric, SampleString};

use crate::domain::digest::sha256;

/// 43 characters of `[0-9A-Za-z]` hold more than 256 bits.
const SECRET_LENGTH: usize = 43;

/// `prefix` followed by a fresh random secret.
pub(in crate::services) fn generate(prefix: &str) -> String {
    let mut text = String::with_capacity(prefix.len() + SECRET_LENGTH);
    text.push_str(prefix);
    Alphanumeric.append_string(&mut rand::rng(), &mut text, SECRET_LENGTH);
    text
}

/// SHA-256 of a secret, hexadecimal: what the database keeps and looks up.
pub(in crate::services) fn fingerprint(secret: &str) -> String {
    sha256(secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_plain_text() {
        let (one, two) = (generate("vk_test_"), generate("vk_test_"));
        assert_ne!(one, two);
        assert_eq!(one.len(), "vk_test_".len() + SECRET_LENGTH);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    }

    #[test]
    fn the_fingerprint_is_sha_256() {
        assert_eq!(
            fingerprint("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
