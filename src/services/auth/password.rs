//! Passwords: Argon2id, and the same effort whether or not a user exists.

use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::secret;
use crate::error::AppError;

/// Memory in KiB, passes and lanes as OWASP's Password Storage Cheat Sheet asks for at least.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks passwords. Slow on purpose (tens of milliseconds, 19 MiB): never call it on an async thread.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Hash of a password nobody knows: checked when there is no user, so that the answer takes as long.
    nobody: String,
    verifications: AtomicU64,
}

impl Passwords {
    /// Prepares the hash that stands in for unknown users.
    ///
    /// # Errors
    /// If the system has no randomness or no memory.
    pub fn new() -> Result<Self, AppError> {
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| AppError::internal(error.to_string()))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = hash_with(&argon2, &secret::generate(""))?;
        Ok(Self {
            argon2,
            nobody,
            verifications: AtomicU64::new(0),
        })
    }

    /// The hash of a password with a fresh salt, in PHC format.
    ///
    /// # Errors
    /// If the system has no randomness or no memory.
    pub fn hash(&self, password: &str) -> Result<String, AppError> {
        hash_with(&self.argon2, password)
    }

    /// Whether `password` fits the `stored` hash; without a stored hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// If the stored hash cannot be read.
    pub fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, AppError> {
        self.verifications.fetch_add(1, Ordering::Relaxed);
        let hash = PasswordHash::new(stored.unwrap_or(&self.nobody))
            .map_err(|error| AppError::internal(format!("a stored password hash cannot be read: {error}")))?;
        let fits = self.argon2.verify_password(password.as_bytes(), &hash).is_ok();
        Ok(fits && stored.is_some())
    }

    /// How many passwords were checked since the start; lets a test see that unknown users cost the same work.
    pub fn verifications(&self) -> u64 {
        self.verifications.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Passwords").finish_non_exhaustive()
    }
}

fn hash_with(argon2: &Argon2<'_>, password: &str) -> Result<String, AppError> {
    argon2
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| AppError::internal(format!("a password cannot be hashed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits_and_every_check_counts() {
        let passwords = Passwords::new().expect("prepared");
        let stored = passwords.hash("correct horse").expect("hashed");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, passwords.hash("correct horse").expect("hashed"), "salted");
        assert!(passwords.verify("correct horse", Some(&stored)).expect("checked"));
        assert!(!passwords.verify("correct horsf", Some(&stored)).expect("checked"));
        assert!(!passwords.verify("correct horse", None).expect("checked"));
        assert!(passwords.verify("correct horse", Some("$plain$")).is_err());
        assert_eq!(passwords.verifications(), 4);
    }
}
