//! Google Cloud KMS: the public half of a key version, and signatures of digests, over its REST API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redkite_pipeline::sign::{ServiceKey, fixed_signature};
use ring::digest;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::credentials::Access;
use super::{credentials, endpoint};
use crate::http::{Ask, Service, Way};
use crate::kms::SignsDigests;
use crate::{CloudError, Variables};

/// The checksum that the service has on digests and signatures.
const CASTAGNOLI: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISCSI);

/// A version of a key.
pub(crate) struct GcpKms {
    service: Service,
    url: String,
    access: Access,
}

#[derive(Deserialize)]
struct PublicKey {
    pem: String,
    algorithm: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Signed {
    signature: String,
    signature_crc32c: Option<String>,
    verified_digest_crc32c: bool,
}

/// The algorithm of JWS (RFC 7518) that one of the service's is.
fn algorithm(name: &str) -> Option<&'static str> {
    Some(match name {
        "EC_SIGN_P256_SHA256" => "ES256",
        "EC_SIGN_P384_SHA384" => "ES384",
        "RSA_SIGN_PKCS1_2048_SHA256" | "RSA_SIGN_PKCS1_3072_SHA256" | "RSA_SIGN_PKCS1_4096_SHA256" => "RS256",
        "RSA_SIGN_PKCS1_4096_SHA512" => "RS512",
        "RSA_SIGN_PSS_2048_SHA256" | "RSA_SIGN_PSS_3072_SHA256" | "RSA_SIGN_PSS_4096_SHA256" => "PS256",
        "RSA_SIGN_PSS_4096_SHA512" => "PS512",
        _ => return None,
    })
}

impl GcpKms {
    /// The key version of that whole name, `projects/…/cryptoKeyVersions/…`.
    pub(crate) fn open(name: &str, variables: Variables<'_>) -> Result<(Self, ServiceKey), CloudError> {
        if !name.starts_with("projects/") || !name.contains("/cryptoKeyVersions/") {
            return Err(CloudError::Setting(format!(
                "{name:?} is not the name of a key version: \
                 projects/…/locations/…/keyRings/…/cryptoKeys/…/cryptoKeyVersions/…"
            )));
        }
        let url = format!("{}/v1/{name}", endpoint(variables, "cloudkms"));
        let access = credentials::access(variables)?;
        let opened = Self { service: Service::new("Google Cloud KMS", Way::Open), url, access };
        let url = format!("{}/publicKey", opened.url);
        let answer = opened.service.ask(|| Ok(opened.access.on(Ask::get(&url))))?;
        let found: PublicKey = answer.json()?;
        let algorithm = algorithm(&found.algorithm).ok_or_else(|| {
            CloudError::Setting(format!(
                "pipelines can't be signed with {}, as key {name:?} would",
                found.algorithm
            ))
        })?;
        let pkix = SubjectPublicKeyInfoDer::from_pem_slice(found.pem.as_bytes())
            .map_err(|_| answer.lacks("a public key"))?;
        let key = ServiceKey::new(algorithm, &pkix)
            .map_err(|error| answer.lacks(&format!("a usable public key ({error})")))?;
        Ok((opened, key))
    }
}

impl SignsDigests for GcpKms {
    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CloudError> {
        let (hash, name) = match algorithm.get(2..) {
            Some("384") => (&digest::SHA384, "sha384"),
            Some("512") => (&digest::SHA512, "sha512"),
            _ => (&digest::SHA256, "sha256"),
        };
        let digest = digest::digest(hash, message);
        let body = json!({
            "digest": { name: STANDARD.encode(digest) },
            "digestCrc32c": CASTAGNOLI.checksum(digest.as_ref()).to_string(),
        });
        let url = format!("{}:asymmetricSign", self.url);
        let answer = self.service.ask(|| {
            let ask = Ask::post(&url, "application/json", body.to_string());
            Ok(self.access.on(ask))
        })?;
        let signed: Signed = answer.json()?;
        let made = STANDARD.decode(&signed.signature).map_err(|_| answer.lacks("a signature"))?;
        let sum = CASTAGNOLI.checksum(&made).to_string();
        if !signed.verified_digest_crc32c || signed.signature_crc32c.as_deref() != Some(sum.as_str()) {
            return Err(answer.lacks("right checksums: it was damaged on the way"));
        }
        match algorithm {
            "ES256" => fixed_signature(&made, 32).ok_or_else(|| answer.lacks("a signature")),
            "ES384" => fixed_signature(&made, 48).ok_or_else(|| answer.lacks("a signature")),
            _ => Ok(made),
        }
    }
}
