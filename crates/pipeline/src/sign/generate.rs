//! New keys (spec/pipeline.md §17).

use p521::elliptic_curve::rand_core::OsRng;
use p521::elliptic_curve::sec1::ToEncodedPoint as _;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};

use super::jwk::Jwk;

/// How many bits an RSA key has.
const RSA_BITS: usize = 2048;

/// The algorithms that pipelines are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSA with PSS and SHA-512.
    Ps512,
    /// The curve P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

impl KeyAlgorithm {
    /// All of them, as messages list them.
    pub const ALL: [Self; 3] = [Self::Ps512, Self::Es512, Self::EdDsa];

    /// Its name (RFC 7518, RFC 8037).
    pub fn name(self) -> &'static str {
        match self {
            Self::Ps512 => "PS512",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of that name; case counts.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// Both halves of a new key, each a key set on one line.
#[derive(Clone)]
pub struct KeyPair {
    /// With the secrets.
    pub private: String,
    /// Without.
    pub public: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}

/// No key could be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The system gives no random numbers.
    #[error("the system's random numbers are not available")]
    Random,
    /// The library found no primes.
    #[error("making an RSA key: {0}")]
    Rsa(#[from] rsa::Error),
}

/// Makes a key.
pub fn generate(algorithm: KeyAlgorithm, id: &str) -> Result<KeyPair, GenerateError> {
    let members = match algorithm {
        KeyAlgorithm::EdDsa => ed25519()?,
        KeyAlgorithm::Es512 => ecdsa(),
        KeyAlgorithm::Ps512 => rsa_members()?,
    };
    let key = Jwk {
        alg: Some(algorithm.name().to_owned()),
        kid: Some(id.to_owned()),
        usage: Some("sig".to_owned()),
        ..members
    };
    let set = |key: &Jwk| serde_json::json!({ "keys": [key] }).to_string();
    Ok(KeyPair { private: set(&key), public: set(&key.public()) })
}

fn ed25519() -> Result<Jwk, GenerateError> {
    let mut seed = [0; 32];
    SystemRandom::new().fill(&mut seed).map_err(|_| GenerateError::Random)?;
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| GenerateError::Random)?;
    Ok(Jwk {
        kty: "OKP".to_owned(),
        crv: Some("Ed25519".to_owned()),
        d: Jwk::text(&seed),
        x: Jwk::text(pair.public_key().as_ref()),
        ..Jwk::default()
    })
}

fn ecdsa() -> Jwk {
    let secret = p521::SecretKey::random(&mut OsRng);
    let point = secret.public_key().to_encoded_point(false);
    Jwk {
        kty: "EC".to_owned(),
        crv: Some("P-521".to_owned()),
        d: Jwk::text(&secret.to_bytes()),
        x: point.x().and_then(|x| Jwk::text(x)),
        y: point.y().and_then(|y| Jwk::text(y)),
        ..Jwk::default()
    }
}

fn rsa_members() -> Result<Jwk, GenerateError> {
    let mut key = rsa::RsaPrivateKey::new(&mut OsRng, RSA_BITS)?;
    key.precompute()?;
    let number = |number: &rsa::BigUint| Jwk::text(&number.to_bytes_be());
    let inverse = key.qinv().and_then(|inverse| inverse.to_biguint());
    let primes = key.primes();
    Ok(Jwk {
        kty: "RSA".to_owned(),
        n: number(key.n()),
        e: number(key.e()),
        d: number(key.d()),
        p: primes.first().and_then(number),
        q: primes.get(1).and_then(number),
        dp: key.dp().and_then(number),
        dq: key.dq().and_then(number),
        qi: inverse.as_ref().and_then(number),
        ..Jwk::default()
    })
}
