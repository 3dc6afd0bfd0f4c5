//! The proof that a sign-on's key is here (RFC 9449, DPoP): a statement about one request, signed with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls::pki_types::PrivateSec1KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const BITS: u8 = 0x03;
const CURVE: u8 = 0xa0;
const PUBLIC: u8 = 0xa1;

/// The proof for a `POST` to an address, with a key of P-256 in PEM; `None` if that is no such key.
pub(super) fn made(pem: &str, url: &str, now: Timestamp) -> Option<String> {
    let der = PrivateSec1KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let (private, public) = halves(der.secret_sec1_der())?;
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, public, &random).ok()?;
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    // Behind the mark of an uncompressed point are its two numbers.
    let (x, y) = (text(public.get(1..33)?), text(public.get(33..)?));
    let key = json!({ "kty": "EC", "x": x, "y": y, "crv": "P-256" });
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key });
    let mut once = [0; 16];
    getrandom::fill(&mut once).ok()?;
    let claims = json!({ "jti": text(&once), "htm": "POST", "htu": url, "iat": now.as_second() });
    let encode = |value: &Value| text(value.to_string().as_bytes());
    let statement = format!("{}.{}", encode(&header), encode(&claims));
    let signature = pair.sign(&random, statement.as_bytes()).ok()?;
    Some(format!("{statement}.{}", text(signature.as_ref())))
}

/// The private and the public half in an `ECPrivateKey` (RFC 5915).
fn halves(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, _) = value(SEQUENCE, der)?;
    let (_, rest) = value(INTEGER, key)?;
    let (private, rest) = value(OCTETS, rest)?;
    let rest = value(CURVE, rest).map_or(rest, |(_, rest)| rest);
    let (public, _) = value(PUBLIC, rest)?;
    let (bits, _) = value(BITS, public)?;
    // The first octet says how many bits of the last are unused.
    Some((private, bits.strip_prefix(&[0])?))
}

/// The content of the first value, if it has that tag, and what follows. Keys of P-256 have short values only.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    match der {
        [found, length, rest @ ..] if *found == tag && *length < 0x80 => {
            rest.split_at_checked((*length).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    /// The key of RFC 6979, A.2.5, as an `ECPrivateKey`.
    const PRIVATE: &str = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
    const PUBLIC_HALF: &str = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6\
                               7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<_> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
        digits.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
    }

    fn pem() -> String {
        let der = format!("30770201010420{PRIVATE}a00a06082a8648ce3d030107a144034200{PUBLIC_HALF}");
        let text = base64::engine::general_purpose::STANDARD.encode(bytes(&der));
        format!("-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n")
    }

    #[test]
    fn a_proof_is_signed_and_names_its_key_and_request() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let proof = made(&pem(), "http://h/v1/token", now).unwrap();
        let (text, signature) = proof.rsplit_once('.').unwrap();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, bytes(PUBLIC_HALF));
        public.verify(text.as_bytes(), &decode(signature)).unwrap();
        let (header, claims) = text.split_once('.').unwrap();
        let [header, claims]: [Value; 2] =
            [header, claims].map(|part| serde_json::from_slice(&decode(part)).unwrap());
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        let expected = ["EC", "P-256", "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y"].map(|text| json!(text));
        assert_eq!(["kty", "crv", "x"].map(|name| header["jwk"][name].clone()), expected);
        let expected = (&json!("POST"), &json!("http://h/v1/token"), &json!(1_700_000_000));
        assert_eq!((&claims["htm"], &claims["htu"], &claims["iat"]), expected);
        assert_eq!(decode(claims["jti"].as_str().unwrap()).len(), 16);
        assert_ne!(Some(proof), made(&pem(), "http://h/v1/token", now));
    }

    #[test]
    fn what_is_no_key_makes_no_proof() {
        let short = pem().replacen("MHcC", "MHYC", 1);
        for text in
            ["", "secret", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n", &short]
        {
            assert_eq!(made(text, "u", Timestamp::UNIX_EPOCH), None, "{text}");
        }
    }
}
