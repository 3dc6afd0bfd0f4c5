//! Tokens: made from the system's randomness, shown once, kept as hashes (control-plane.md §2.3).

use std::fmt;

use ring::hmac;
use sha2::{Digest as _, Sha256};

/// A token in the clear. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text that must not be shown.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new random token, e.g. `bkct_…`.
    #[must_use]
    pub fn random(prefix: &str) -> Self {
        let mut bytes = [0_u8; 24];
        getrandom::fill(&mut bytes).expect("the operating system has randomness");
        Self(format!("{prefix}{}", hex::encode(bytes)))
    }

    /// The text itself, for the one place that hands it out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the store keeps of it.
    #[must_use]
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(hex::encode(Sha256::digest(self.0.as_bytes())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What the store keeps of a token: enough to recognise it, too little to use it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TokenHash(String);

impl TokenHash {
    /// A hash as the store had it.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The hash in hexadecimal.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key that derives job tokens and signs artifact addresses; made once for a store.
#[derive(Clone)]
pub(crate) struct SigningKey(hmac::Key);

impl SigningKey {
    /// The key from its stored text.
    #[must_use]
    pub(crate) fn new(text: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()))
    }

    /// The signature of a text, in hexadecimal.
    #[must_use]
    pub(crate) fn sign(&self, text: &str) -> String {
        hex::encode(hmac::sign(&self.0, text.as_bytes()))
    }

    /// Whether a signature belongs to a text; takes the same time for every wrong one.
    #[must_use]
    pub(crate) fn verify(&self, text: &str, signature: &str) -> bool {
        hex::decode(signature).is_ok_and(|tag| hmac::verify(&self.0, text.as_bytes(), &tag).is_ok())
    }

    /// The token of one acceptance of a job: the same for a repeated accept, so that only its hash is stored.
    #[must_use]
    pub(crate) fn job_token(&self, job: &str, acceptance: &str) -> Secret {
        Secret(format!("bkaj_{}", self.sign(&format!("job {job} {acceptance}"))))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_hide() {
        let (a, b) = (Secret::random("bkct_"), Secret::random("bkct_"));
        assert_ne!(a.expose(), b.expose());
        assert_ne!(a.hash(), b.hash());
        assert!(!format!("{a:?}").contains("bkct_"));
    }

    #[test]
    fn a_signature_is_bound_to_its_text_and_key() {
        let key = SigningKey::new("one");
        let signature = key.sign("/artifacts/1");
        assert!(key.verify("/artifacts/1", &signature));
        assert!(!key.verify("/artifacts/2", &signature));
        assert!(!SigningKey::new("two").verify("/artifacts/1", &signature));
        assert!(!key.verify("/artifacts/1", "no hex"));
    }
}
