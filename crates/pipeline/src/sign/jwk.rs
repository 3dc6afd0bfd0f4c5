//! Key sets, and which key of one is meant (spec/pipeline.md §14.1, §16.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::key::SigningKey;

/// A key as it is stored. Numbers and secrets are base64url; absent members are not written.
#[derive(Clone, Default, Deserialize, Serialize)]
pub(super) struct Jwk {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alg: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) d: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dq: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) k: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kid: Option<String>,
    pub(super) kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) p: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) qi: Option<String>,
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) y: Option<String>,
}

impl std::fmt::Debug for Jwk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Jwk").field("kty", &self.kty).field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl Jwk {
    /// The bytes of a member; `None` if it is missing or not base64url.
    pub(super) fn bytes(member: Option<&String>) -> Option<Vec<u8>> {
        // Padding is tolerated, as the reference's library does.
        URL_SAFE_NO_PAD.decode(member?.trim_end_matches('=')).ok()
    }

    pub(super) fn text(bytes: &[u8]) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The same key without its secrets.
    pub(super) fn public(&self) -> Self {
        let secretless = self.clone();
        Self { d: None, dp: None, dq: None, k: None, p: None, q: None, qi: None, ..secretless }
    }

    /// The key's SHA-256 thumbprint (RFC 7638) in hexadecimal.
    pub(super) fn thumbprint(&self) -> String {
        let member = |name: &str, value: &Option<String>| {
            let value = value.as_deref().unwrap_or_default();
            format!("\"{name}\":\"{value}\"")
        };
        let kty = format!("\"kty\":\"{}\"", self.kty);
        let members = match self.kty.as_str() {
            "OKP" => vec![member("crv", &self.crv), kty, member("x", &self.x)],
            "EC" => vec![member("crv", &self.crv), kty, member("x", &self.x), member("y", &self.y)],
            "RSA" => vec![member("e", &self.e), kty, member("n", &self.n)],
            _ => vec![member("k", &self.k), kty],
        };
        let text = format!("{{{}}}", members.join(","));
        super::checksum(&text)
    }
}

/// A set of keys.
#[derive(Clone, Debug)]
pub struct KeySet {
    pub(super) keys: Vec<Jwk>,
    /// It is the one key of a service, which signatures don't name.
    pub(super) is_nameless: bool,
}

/// A text is no set of keys that jobs can be verified with.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    /// It is neither a set nor a key.
    #[error("it is no key set: {0}")]
    Json(#[from] serde_json::Error),
    /// There is no key in it.
    #[error("the key set is empty")]
    Empty,
    /// A key does not say what it is for.
    #[error("key {0} of the set does not name its algorithm")]
    NoAlgorithm(usize),
}

/// The key that was chosen can't sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChosenKeyError {
    /// The set has not exactly one key, and none was named.
    #[error("the file does not hold exactly one key, so a key ID must say which one")]
    IdRequired,
    /// The set has no such key.
    #[error("the file holds no key with the ID {0:?}")]
    NotFound(String),
    /// The key does not say what it is for.
    #[error("the key does not name its algorithm")]
    NoAlgorithm,
    /// The key is not for signing at all.
    #[error("{0:?} is no algorithm for signatures")]
    NoSignature(String),
    /// The key is for signing, but pipelines aren't signed so.
    #[error("pipelines are not signed with {0:?}")]
    Unsupported(String),
    /// The key's type and algorithm don't go together.
    #[error("a key of type {kty:?} can't sign with {alg:?}")]
    Mismatch {
        /// The type.
        kty: String,
        /// The algorithm.
        alg: String,
    },
    /// A member of the key is missing or malformed.
    #[error("the key's {0} is missing or malformed")]
    Malformed(&'static str),
}

impl KeySet {
    /// Reads a JSON Web Key Set, or a single key.
    pub fn parse(text: &[u8]) -> Result<Self, KeySetError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Set { keys: Vec<Jwk> },
            One(Box<Jwk>),
        }
        Ok(match serde_json::from_slice(text)? {
            Either::Set { keys } => Self { keys, is_nameless: false },
            Either::One(key) => Self { keys: vec![*key], is_nameless: false },
        })
    }

    /// Whether jobs can be verified with this set: it is not empty, and every key names its algorithm.
    pub fn check(&self) -> Result<(), KeySetError> {
        if self.keys.is_empty() {
            return Err(KeySetError::Empty);
        }
        match self.keys.iter().position(|key| key.alg.as_deref().unwrap_or_default().is_empty()) {
            Some(index) => Err(KeySetError::NoAlgorithm(index)),
            None => Ok(()),
        }
    }

    /// The first key of that name; without a name the only key.
    pub fn signing_key(&self, id: &str) -> Result<SigningKey, ChosenKeyError> {
        let key = match (id, self.keys.as_slice()) {
            ("", [only]) => only,
            ("", _) => return Err(ChosenKeyError::IdRequired),
            (id, _) => self.named(id).ok_or_else(|| ChosenKeyError::NotFound(id.to_owned()))?,
        };
        SigningKey::from_jwk(key)
    }

    /// The key that a signature with this name, or without one, is held against.
    pub(super) fn of_signature(&self, id: Option<&str>) -> Option<&Jwk> {
        if self.is_nameless { self.keys.first() } else { self.named(id?) }
    }

    /// The first key of that name.
    pub(super) fn named(&self, id: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid.as_deref() == Some(id))
    }
}
