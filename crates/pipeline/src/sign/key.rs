//! Keys that sign, and keys that verify (spec/pipeline.md §14.1, §14.3, §16.3). The cryptography is in libraries.

use p521::ecdsa::signature::{Signer as _, Verifier as _};
use ring::rand::SystemRandom;
use ring::signature::{self, Ed25519KeyPair, RsaKeyPair, UnparsedPublicKey};

use super::jwk::{ChosenKeyError, Jwk};

/// Signing failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Only the public half of the key is there.
    #[error("the key has no private part")]
    PublicKey,
    /// The library refused.
    #[error("the signature could not be made")]
    Failed,
    /// The service that keeps the key did not sign; these are its words.
    #[error("{0}")]
    Service(String),
}

/// A key that signs pipelines.
pub struct SigningKey {
    secret: Secret,
    algorithm: &'static str,
    id: Option<String>,
    thumbprint: String,
}

enum Secret {
    Ed25519(Box<Ed25519KeyPair>),
    P521(Box<p521::ecdsa::SigningKey>),
    Rsa(Box<RsaKeyPair>),
    /// Only the public half is known.
    None,
}

/// Algorithms of other keys of a set: they sign, but not pipelines.
const OTHER_SIGNATURES: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES256K", "PS256", "PS384",
    "none",
];

impl SigningKey {
    pub(super) fn from_jwk(key: &Jwk) -> Result<Self, ChosenKeyError> {
        let alg = key.alg.as_deref().filter(|alg| !alg.is_empty()).ok_or(ChosenKeyError::NoAlgorithm)?;
        let algorithm = match alg {
            "EdDSA" => "EdDSA",
            "ES512" => "ES512",
            "PS512" => "PS512",
            other if OTHER_SIGNATURES.contains(&other) => {
                return Err(ChosenKeyError::Unsupported(other.to_owned()));
            }
            other => return Err(ChosenKeyError::NoSignature(other.to_owned())),
        };
        let secret = match (key.kty.as_str(), algorithm) {
            ("OKP", "EdDSA") => ed25519(key)?,
            ("EC", "ES512") => ecdsa(key)?,
            ("RSA", "PS512") => rsa(key)?,
            (kty, alg) => return Err(ChosenKeyError::Mismatch { kty: kty.to_owned(), alg: alg.to_owned() }),
        };
        let id = key.kid.clone().filter(|id| !id.is_empty());
        Ok(Self { secret, algorithm, id, thumbprint: key.thumbprint() })
    }

    /// The name of its algorithm.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// Its name, if it has one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Its SHA-256 thumbprint in hexadecimal.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The raw signature of `message`.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.secret {
            Secret::None => Err(SigningError::PublicKey),
            Secret::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Secret::P521(key) => {
                let made: Result<p521::ecdsa::Signature, _> = key.try_sign(message);
                made.map(|signature| signature.to_bytes().to_vec()).map_err(|_| SigningError::Failed)
            }
            Secret::Rsa(pair) => {
                let mut made = vec![0; pair.public().modulus_len()];
                pair.sign(&signature::RSA_PSS_SHA512, &SystemRandom::new(), message, &mut made)
                    .map_err(|_| SigningError::Failed)?;
                Ok(made)
            }
        }
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn ed25519(key: &Jwk) -> Result<Secret, ChosenKeyError> {
    let public = Jwk::bytes(key.x.as_ref()).ok_or(ChosenKeyError::Malformed("x"))?;
    let Some(d) = &key.d else { return Ok(Secret::None) };
    let seed = Jwk::bytes(Some(d)).ok_or(ChosenKeyError::Malformed("d"))?;
    let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public);
    pair.map(|pair| Secret::Ed25519(Box::new(pair))).map_err(|_| ChosenKeyError::Malformed("d"))
}

fn ecdsa(key: &Jwk) -> Result<Secret, ChosenKeyError> {
    let point = point(key, P521_LEN).ok_or(ChosenKeyError::Malformed("point"))?;
    p521::ecdsa::VerifyingKey::from_sec1_bytes(&point).map_err(|_| ChosenKeyError::Malformed("point"))?;
    let Some(d) = &key.d else { return Ok(Secret::None) };
    let secret = Jwk::bytes(Some(d)).and_then(|bytes| padded(&bytes, P521_LEN));
    let secret = secret.ok_or(ChosenKeyError::Malformed("d"))?;
    let secret = p521::ecdsa::SigningKey::from_slice(&secret).map_err(|_| ChosenKeyError::Malformed("d"))?;
    Ok(Secret::P521(Box::new(secret)))
}

fn rsa(key: &Jwk) -> Result<Secret, ChosenKeyError> {
    let part = |member: &Option<String>, name| {
        Jwk::bytes(member.as_ref()).filter(|bytes| !bytes.is_empty()).ok_or(ChosenKeyError::Malformed(name))
    };
    let (n, e) = (part(&key.n, "n")?, part(&key.e, "e")?);
    if key.d.is_none() {
        return Ok(Secret::None);
    }
    let components = ring::rsa::KeyPairComponents {
        public_key: ring::rsa::PublicKeyComponents { n, e },
        d: part(&key.d, "d")?,
        p: part(&key.p, "p")?,
        q: part(&key.q, "q")?,
        dP: part(&key.dp, "dp")?,
        dQ: part(&key.dq, "dq")?,
        qInv: part(&key.qi, "qi")?,
    };
    let pair =
        RsaKeyPair::from_components(&components).map_err(|_| ChosenKeyError::Malformed("private part"))?;
    Ok(Secret::Rsa(Box::new(pair)))
}

/// The length of a coordinate of the curve.
pub(super) const P521_LEN: usize = 66;

/// The uncompressed point of an elliptic-curve key.
fn point(key: &Jwk, len: usize) -> Option<Vec<u8>> {
    let [x, y] = [&key.x, &key.y].map(|part| Jwk::bytes(part.as_ref()).and_then(|bytes| padded(&bytes, len)));
    Some([vec![4], x?, y?].concat())
}

/// A number with leading zeros.
fn padded(bytes: &[u8], len: usize) -> Option<Vec<u8>> {
    let missing = len.checked_sub(bytes.len())?;
    Some([vec![0; missing], bytes.to_vec()].concat())
}

/// Whether `made` is the signature of `message` by the key; its own algorithm counts.
pub(super) fn is_signed_by(key: &Jwk, message: &[u8], made: &[u8]) -> bool {
    let alg = key.alg.as_deref().unwrap_or_default();
    is_signed(key, alg, message, made).unwrap_or(false)
}

fn is_signed(key: &Jwk, alg: &str, message: &[u8], made: &[u8]) -> Option<bool> {
    let with = |algorithm: &'static dyn signature::VerificationAlgorithm, public: &[u8]| {
        UnparsedPublicKey::new(algorithm, public).verify(message, made).is_ok()
    };
    Some(match (key.kty.as_str(), alg) {
        ("OKP", "EdDSA") => with(&signature::ED25519, &Jwk::bytes(key.x.as_ref())?),
        ("EC", "ES256") => with(&signature::ECDSA_P256_SHA256_FIXED, &point(key, 32)?),
        ("EC", "ES384") => with(&signature::ECDSA_P384_SHA384_FIXED, &point(key, 48)?),
        ("EC", "ES512") => {
            let public = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point(key, P521_LEN)?).ok()?;
            public.verify(message, &p521::ecdsa::Signature::from_slice(made).ok()?).is_ok()
        }
        ("RSA", alg) => {
            let public = signature::RsaPublicKeyComponents {
                n: Jwk::bytes(key.n.as_ref())?,
                e: Jwk::bytes(key.e.as_ref())?,
            };
            public.verify(rsa_verification(alg)?, message, made).is_ok()
        }
        ("oct", alg) => {
            let secret = ring::hmac::Key::new(hmac(alg)?, &Jwk::bytes(key.k.as_ref())?);
            ring::hmac::verify(&secret, message, made).is_ok()
        }
        _ => false,
    })
}

fn rsa_verification(alg: &str) -> Option<&'static signature::RsaParameters> {
    Some(match alg {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn hmac(alg: &str) -> Option<ring::hmac::Algorithm> {
    Some(match alg {
        "HS256" => ring::hmac::HMAC_SHA256,
        "HS384" => ring::hmac::HMAC_SHA384,
        "HS512" => ring::hmac::HMAC_SHA512,
        _ => return None,
    })
}
