//! The vendors' key services, as servers that hold a real P-256 key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::pkcs8::{EncodePublicKey as _, LineEnding};
use serde_json::{Value, json};

use crate::fake::{Fake, Request};

/// The version of Google's key.
pub(crate) const VERSION: &str = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";

/// A key by its number; the same number gives the same key.
pub(crate) fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

/// The DER signature of a digest, in base64.
pub(crate) fn signature(key: &SigningKey, digest: &str) -> (String, Vec<u8>) {
    let digest = STANDARD.decode(digest).unwrap();
    let made: p256::ecdsa::Signature = key.sign_prehash(&digest).unwrap();
    let der = made.to_der().as_bytes().to_vec();
    (STANDARD.encode(&der), der)
}

/// Amazon's, with a key of that number.
pub(crate) fn aws(number: u8) -> Fake {
    Fake::start(move |request| answer_as_amazon(request, &key(number)))
}

/// Keys of some names are denied, lost, not for signing, or of another kind.
pub(crate) fn answer_as_amazon(request: &Request, key: &SigningKey) -> (u16, String) {
    assert!(request.header("authorization").contains("/eu-west-1/kms/aws4_request"));
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    let named = |name: &str| asked["KeyId"] == name;
    let refuse = |kind: &str, text: &str| (400, json!({ "__type": kind, "message": text }).to_string());
    if named("denied") {
        return refuse("AccessDeniedException", "not you");
    }
    if named("lost") {
        return refuse("NotFoundException", "no such key");
    }
    match request.header("x-amz-target") {
        "TrentService.GetPublicKey" => {
            let pkix = STANDARD.encode(key.verifying_key().to_public_key_der().unwrap().as_bytes());
            let spec = if named("rsa") { "RSA_2048" } else { "ECC_NIST_P256" };
            (200, json!({ "PublicKey": pkix, "KeyUsage": "SIGN_VERIFY", "KeySpec": spec }).to_string())
        }
        "TrentService.Sign" if named("readable") => refuse("AccessDeniedException", "only reading"),
        "TrentService.Sign" => {
            assert_eq!(
                (&asked["MessageType"], &asked["SigningAlgorithm"]),
                (&json!("DIGEST"), &json!("ECDSA_SHA_256"))
            );
            let (signature, _) = signature(key, asked["Message"].as_str().unwrap());
            (200, json!({ "Signature": signature }).to_string())
        }
        other => panic!("asked for {other}"),
    }
}

/// Google's, and its meta-data service for the token.
pub(crate) fn gcp(number: u8, is_damaged: bool) -> Fake {
    Fake::start(move |request| {
        if request.path.starts_with("/computeMetadata/") {
            return (200, r#"{"access_token":"token"}"#.into());
        }
        if request.header("authorization") != "Bearer token" || request.path.contains("/denied/") {
            return (
                403,
                r#"{"error":{"code":403,"status":"PERMISSION_DENIED","message":"not you"}}"#.into(),
            );
        }
        answer_as_google(request, &key(number), is_damaged)
    })
}

pub(crate) fn answer_as_google(request: &Request, key: &SigningKey, is_damaged: bool) -> (u16, String) {
    if request.path == format!("/v1/{VERSION}/publicKey") {
        let pem = key.verifying_key().to_public_key_pem(LineEnding::LF).unwrap();
        return (200, json!({ "pem": pem, "algorithm": "EC_SIGN_P256_SHA256" }).to_string());
    }
    assert_eq!(request.path, format!("/v1/{VERSION}:asymmetricSign"));
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    let digest = asked["digest"]["sha256"].as_str().unwrap();
    let sum = |bytes: &[u8]| crc::Crc::<u32>::new(&crc::CRC_32_ISCSI).checksum(bytes).to_string();
    let is_whole = asked["digestCrc32c"] == sum(&STANDARD.decode(digest).unwrap());
    let (text, der) = signature(key, digest);
    let sum = if is_damaged { "1".to_owned() } else { sum(&der) };
    (200, json!({ "signature": text, "signatureCrc32c": sum, "verifiedDigestCrc32c": is_whole }).to_string())
}
