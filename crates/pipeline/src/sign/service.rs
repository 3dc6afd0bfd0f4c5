//! Keys that a service keeps (spec/pipeline.md §14.1, §16.3): only their public half is known here, signatures don't
//! name them, and what a service signs is a digest.

use spki::SubjectPublicKeyInfoRef;
use spki::der::asn1::UintRef;
use spki::der::{Decode as _, Reader as _, SliceReader};

use super::jwk::{Jwk, KeySet};

/// The public half of a service's key.
#[derive(Clone, Debug)]
pub struct ServiceKey {
    keys: KeySet,
    algorithm: String,
    thumbprint: String,
}

/// A public key that isn't what its service says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the public key is none for {0}")]
pub struct WrongPublicKey(String);

impl ServiceKey {
    /// Reads a key in its PKIX form; `algorithm` is what the service signs with (RFC 7518).
    ///
    /// # Errors
    /// When the key is of another kind.
    pub fn new(algorithm: &str, pkix: &[u8]) -> Result<Self, WrongPublicKey> {
        let key = read(algorithm, pkix).ok_or_else(|| WrongPublicKey(algorithm.to_owned()))?;
        let keys = KeySet { keys: vec![Jwk { alg: Some(algorithm.to_owned()), ..key }], is_nameless: true };
        Ok(Self { keys, algorithm: algorithm.to_owned(), thumbprint: super::hexadecimal(pkix) })
    }

    /// The name of its algorithm.
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// The SHA-256 of its PKIX form in hexadecimal.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// What jobs are verified with.
    pub fn into_keys(self) -> KeySet {
        self.keys
    }
}

fn read(algorithm: &str, pkix: &[u8]) -> Option<Jwk> {
    let info = SubjectPublicKeyInfoRef::from_der(pkix).ok()?;
    let bits = info.subject_public_key.as_bytes()?;
    let length = match algorithm {
        "ES256" => 32,
        "ES384" => 48,
        _ => return rsa(bits),
    };
    let (4, point) = bits.split_first().map(|(form, point)| (*form, point))? else { return None };
    let (x, y) = (point.len() == 2 * length).then(|| point.split_at(length))?;
    Some(Jwk { kty: "EC".to_owned(), x: Jwk::text(x), y: Jwk::text(y), ..Jwk::default() })
}

fn rsa(bits: &[u8]) -> Option<Jwk> {
    let mut reader = SliceReader::new(bits).ok()?;
    let (n, e) = reader.sequence(|inner| Ok((UintRef::decode(inner)?, UintRef::decode(inner)?))).ok()?;
    Some(Jwk {
        kty: "RSA".to_owned(),
        n: Jwk::text(n.as_bytes()),
        e: Jwk::text(e.as_bytes()),
        ..Jwk::default()
    })
}

/// The signature of an elliptic curve as JWS has it, `r` and `s` of `length` bytes each, from its DER form.
pub fn fixed_signature(der: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(der).ok()?;
    let (r, s) = reader.sequence(|inner| Ok((UintRef::decode(inner)?, UintRef::decode(inner)?))).ok()?;
    let padded = |number: UintRef<'_>| {
        let missing = length.checked_sub(number.as_bytes().len())?;
        Some([vec![0; missing], number.as_bytes().to_vec()].concat())
    };
    Some([padded(r)?, padded(s)?].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_signatures_are_padded() {
        let der = [0x30, 7, 2, 1, 5, 2, 2, 0, 0x80];
        assert_eq!(fixed_signature(&der, 2), Some(vec![0, 5, 0, 0x80]));
        assert_eq!(fixed_signature(&der[..8], 2), None);
    }
}
