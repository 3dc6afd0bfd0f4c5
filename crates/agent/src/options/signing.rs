//! With which key pipelines are signed (cli.json: `pipeline upload`, `tool sign`).

use std::ffi::OsString;
use std::fs;

use redkite_cloud::{Kms, KmsKey};
use redkite_pipeline::sign::{KeySet, Signer};

use crate::environment::Environment;
use crate::failure::{Failure, OrFail};

/// The options of every command that signs.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SigningOptions {
    /// Sign steps with a key of this file, a JSON Web Key Set
    #[arg(long, env = "BUILDKITE_AGENT_JWKS_FILE")]
    jwks_file: OsString,

    /// Which key of that file; needed unless it holds exactly one
    #[arg(long, env = "BUILDKITE_AGENT_JWKS_KEY_ID")]
    jwks_key_id: String,

    /// Sign steps with this key of AWS KMS
    #[arg(long, env = "BUILDKITE_AGENT_AWS_KMS_KEY")]
    signing_aws_kms_key: String,

    /// Sign steps with this key of Google Cloud KMS
    #[arg(long, env = "BUILDKITE_AGENT_GCP_KMS_KEY")]
    signing_gcp_kms_key: String,

    /// Log what is signed, at debug level; it may hold secrets
    #[arg(long, env = "BUILDKITE_AGENT_DEBUG_SIGNING")]
    debug_signing: bool,
}

impl SigningOptions {
    /// Whether a key is named at all.
    pub(crate) fn is_wanted(&self) -> bool {
        let kms = [&self.signing_aws_kms_key, &self.signing_gcp_kms_key];
        !self.jwks_file.is_empty() || kms.iter().any(|key| !key.is_empty())
    }

    /// The key: that of AWS, else that of Google, else that of the file.
    pub(crate) fn key(&self, environment: &Environment) -> Result<Box<dyn Signer>, Failure> {
        for (kms, name, what) in [
            (Kms::Aws, &self.signing_aws_kms_key, "couldn't create AWS KMS signer"),
            (Kms::Gcp, &self.signing_gcp_kms_key, "couldn't create GCP KMS signer"),
        ] {
            if !name.is_empty() {
                return Ok(Box::new(KmsKey::open(kms, name, environment).or_fail(what)?));
            }
        }
        const WHAT: &str = "choosing the signing key";
        let path = self.jwks_file.display();
        let text = fs::read(&self.jwks_file).or_fail(format!("{WHAT}: opening the key file {path}"))?;
        let keys = KeySet::parse(&text).or_fail(format!("{WHAT}: reading the key file {path}"))?;
        Ok(Box::new(keys.signing_key(&self.jwks_key_id).or_fail(WHAT)?))
    }

    /// Notes at debug level with which key a step is signed and, if that is wanted, what is signed.
    pub(crate) fn note(&self, key: &dyn Signer, payload: &str) {
        tracing::debug!("Signing with the key whose SHA-256 thumbprint is {}", key.thumbprint());
        if self.debug_signing {
            let checksum = redkite_pipeline::sign::checksum(payload);
            tracing::debug!("Signing {payload} (SHA-256 {checksum})");
        }
    }
}
