//! AWS KMS: the public half of a key, and signatures of digests.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redkite_pipeline::sign::{ServiceKey, fixed_signature};
use ring::digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::endpoint::Api;
use super::sign::{Scope, signed};
use super::{Config, credentials};
use crate::http::{Answer, Ask, Service, Way};
use crate::kms::SignsDigests;
use crate::{CloudError, Variables};

/// The only algorithm that the agent uses with this service.
const ALGORITHM: &str = "ES256";
/// The length of each number of its signatures.
const NUMBER_LEN: usize = 32;

/// A key of AWS KMS.
pub(crate) struct AwsKms {
    service: Service,
    endpoint: String,
    region: String,
    credentials: Credentials,
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PublicKey {
    public_key: String,
    key_usage: String,
    key_spec: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Signature {
    signature: String,
}

impl AwsKms {
    /// The key called `key`: an ID, an ARN or an alias.
    pub(crate) fn open(key: &str, variables: Variables<'_>) -> Result<(Self, ServiceKey), CloudError> {
        let config = Config::load(variables);
        let region = config.region()?;
        check_region(key, &region)?;
        let opened = Self {
            service: Service::new("AWS KMS", Way::Open),
            endpoint: format!("{}/", config.endpoint(Api::Kms, &region)?),
            credentials: credentials::find(&config)?,
            region,
            key: key.to_owned(),
        };
        let public = opened.public_key()?;
        Ok((opened, public))
    }

    fn public_key(&self) -> Result<ServiceKey, CloudError> {
        let answer = self.call("GetPublicKey", &json!({ "KeyId": self.key }))?;
        let found: PublicKey = answer.json()?;
        if found.key_usage != "SIGN_VERIFY" || found.key_spec != "ECC_NIST_P256" {
            return Err(CloudError::Setting(format!(
                "AWS KMS key {:?} is {} for {}; pipelines are signed with ECC_NIST_P256 keys for SIGN_VERIFY",
                self.key, found.key_spec, found.key_usage
            )));
        }
        let pkix = STANDARD.decode(&found.public_key).map_err(|_| answer.lacks("a public key"))?;
        ServiceKey::new(ALGORITHM, &pkix)
            .map_err(|error| answer.lacks(&format!("a usable public key ({error})")))
    }

    fn call(&self, operation: &str, body: &Value) -> Result<Answer, CloudError> {
        let scope = Scope { service: "kms", region: &self.region };
        self.service.ask(|| {
            let ask = Ask::post(&self.endpoint, "application/x-amz-json-1.1", body.to_string());
            let ask = ask.header("x-amz-target", format!("TrentService.{operation}"));
            signed(ask, &self.credentials, &scope, SystemTime::now())
        })
    }
}

impl SignsDigests for AwsKms {
    fn sign(&self, _: &str, message: &[u8]) -> Result<Vec<u8>, CloudError> {
        let digest = STANDARD.encode(digest::digest(&digest::SHA256, message));
        let body = json!({
            "KeyId": self.key,
            "Message": digest,
            "MessageType": "DIGEST",
            "SigningAlgorithm": "ECDSA_SHA_256",
        });
        let answer = self.call("Sign", &body)?;
        let Signature { signature } = answer.json()?;
        let made = STANDARD.decode(signature).ok().and_then(|der| fixed_signature(&der, NUMBER_LEN));
        made.ok_or_else(|| answer.lacks("a signature"))
    }
}

/// An ARN says in which region its key is; elsewhere it would only not be found.
fn check_region(key: &str, region: &str) -> Result<(), CloudError> {
    match key.split(':').nth(3).filter(|_| key.starts_with("arn:")) {
        Some(of_key) if of_key != region => Err(CloudError::Setting(format!(
            "AWS KMS key {key:?} is in region {of_key:?}, but the region here is {region:?}: set AWS_REGION"
        ))),
        _ => Ok(()),
    }
}
