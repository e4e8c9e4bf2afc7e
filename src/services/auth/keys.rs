//! The Ed25519 keys that sign access tokens: one signs, this one and earlier ones verify.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey};
use ed25519_dalek::{SigningKey, VerifyingKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest, Sha256};

/// Why configured keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no key that could sign.
    #[error("the first signing key must be an Ed25519 private key in PKCS#8 PEM (openssl genpkey -algorithm ed25519)")]
    NoPrivateKey,
    /// A PEM block is not an Ed25519 key.
    #[error("signing key number {0} is not an Ed25519 key in PKCS#8 (private) or SPKI (public) PEM")]
    NotEd25519(usize),
    /// The seed is not 32 bytes in hexadecimal.
    #[error("the seed of the signing key is not 32 bytes in hexadecimal")]
    InvalidSeed,
}

/// A key that verifies tokens, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// The key itself, base64url without padding (RFC 8037).
    pub x: String,
}

/// The keys of this process.
pub struct SigningKeys {
    signing: EncodingKey,
    verifying: Vec<(PublicKey, DecodingKey)>,
}

impl SigningKeys {
    /// Reads one or more PEM blocks: the first signs, all verify; earlier keys may be given as public keys only.
    ///
    /// # Errors
    /// [`KeyError`] when a block is no Ed25519 key or the first is not a private one.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let mut signing = None;
        let mut verifying = Vec::new();
        for (index, block) in pem_blocks(pem).into_iter().enumerate() {
            let private = SigningKey::from_pkcs8_pem(&block).ok();
            let public = match &private {
                Some(private) => private.verifying_key(),
                None => VerifyingKey::from_public_key_pem(&block).map_err(|_| KeyError::NotEd25519(index + 1))?,
            };
            if index == 0 {
                signing = private;
            }
            verifying.push(public);
        }
        Self::assemble(&signing.ok_or(KeyError::NoPrivateKey)?, &verifying)
    }

    /// The key of a seed of 32 bytes, hexadecimal.
    ///
    /// # Errors
    /// [`KeyError::InvalidSeed`].
    pub fn from_seed(seed: &str) -> Result<Self, KeyError> {
        let mut bytes = [0u8; 32];
        if seed.len() != 64 || !seed.is_ascii() {
            return Err(KeyError::InvalidSeed);
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let digits = seed.get(2 * index..2 * index + 2).ok_or(KeyError::InvalidSeed)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| KeyError::InvalidSeed)?;
        }
        let signing = SigningKey::from_bytes(&bytes);
        Self::assemble(&signing, &[signing.verifying_key()])
    }

    /// The public keys, the signing one first: what `/.well-known/jwks.json` shows.
    pub fn public_keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.verifying.iter().map(|(public, _)| public)
    }

    pub(super) fn signing_key(&self) -> &EncodingKey {
        &self.signing
    }

    pub(super) fn signing_kid(&self) -> Option<&str> {
        self.public_keys().next().map(|public| public.kid.as_str())
    }

    pub(super) fn verifying_key(&self, kid: &str) -> Option<&DecodingKey> {
        self.verifying
            .iter()
            .find(|(public, _)| public.kid == kid)
            .map(|(_, key)| key)
    }

    fn assemble(signing: &SigningKey, verifying: &[VerifyingKey]) -> Result<Self, KeyError> {
        let der = signing.to_pkcs8_der().map_err(|_| KeyError::NoPrivateKey)?;
        let mut keys = Vec::new();
        for (index, key) in verifying.iter().enumerate() {
            let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
            let decoding = DecodingKey::from_ed_components(&x).map_err(|_| KeyError::NotEd25519(index + 1))?;
            keys.push((PublicKey { kid: thumbprint(&x), x }, decoding));
        }
        Ok(Self {
            signing: EncodingKey::from_ed_der(der.as_bytes()),
            verifying: keys,
        })
    }
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SigningKeys")
            .field("kid", &self.signing_kid())
            .finish_non_exhaustive()
    }
}

/// RFC 7638 with the members RFC 8037 names, in lexicographic order.
fn thumbprint(x: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

/// The PEM blocks of a text, without what stands around them. A `\n` written as two characters, as environment variables
/// often carry it, counts as a line break.
fn pem_blocks(text: &str) -> Vec<String> {
    let text = text.replace("\\n", "\n");
    let mut blocks = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("-----BEGIN ") {
            block = Some(String::new());
        }
        if let Some(open) = &mut block {
            open.push_str(line);
            open.push('\n');
        }
        if line.starts_with("-----END ") {
            blocks.extend(block.take());
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037 appendix A: a key pair and its thumbprint.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    /// The same key as OpenSSL writes it (PKCS#8 version 1, SPKI).
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn the_example_of_rfc_8037_gives_its_public_key_and_thumbprint() {
        let public = PublicKey {
            kid: KID.to_owned(),
            x: X.to_owned(),
        };
        let from_seed = SigningKeys::from_seed(SEED).expect("a key");
        assert_eq!(from_seed.public_keys().collect::<Vec<_>>(), [&public]);
        for pem in [PRIVATE.to_owned(), PRIVATE.replace('\n', "\\n")] {
            let from_pem = SigningKeys::from_pem(&pem).expect("a key");
            assert_eq!(from_pem.public_keys().collect::<Vec<_>>(), [&public]);
        }
    }

    #[test]
    fn earlier_keys_verify_but_only_a_private_key_signs() {
        let mut other = [7u8; 32];
        other[0] = 1;
        let first = SigningKey::from_bytes(&other).to_pkcs8_pem(ed25519_dalek::pkcs8::spki::der::pem::LineEnding::LF);
        let rotated = SigningKeys::from_pem(&format!("{}{PUBLIC}", first.expect("pem").as_str())).expect("two keys");
        assert_ne!(rotated.signing_kid(), Some(KID));
        assert!(rotated.verifying_key(KID).is_some());
        assert!(rotated.verifying_key("unknown").is_none());
        assert!(matches!(SigningKeys::from_pem(PUBLIC), Err(KeyError::NoPrivateKey)));
        assert!(matches!(SigningKeys::from_pem(""), Err(KeyError::NoPrivateKey)));
        let broken = PRIVATE.replace("MC4C", "MC4D");
        assert!(matches!(SigningKeys::from_pem(&broken), Err(KeyError::NotEd25519(1))));
        assert!(matches!(SigningKeys::from_seed("zz"), Err(KeyError::InvalidSeed)));
    }
}
