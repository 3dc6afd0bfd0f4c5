//! Keys that must be usable before the agent starts (docs/spec/agent.md §2.2, row 17).

use std::path::Path;

use redkite_cloud::{Kms, KmsKey};
use redkite_pipeline::sign::KeySet;

use super::options::SigningOptions;
use crate::environment::Environment;
use crate::failure::{Failure, chain};

/// The keys that jobs are verified with, if any are named.
pub(super) fn verification(
    options: &SigningOptions,
    environment: &Environment,
) -> Result<Option<KeySet>, Failure> {
    for (kms, service, key) in [
        (Kms::Aws, "AWS KMS", &options.signing_aws_kms_key),
        (Kms::Gcp, "Google Cloud KMS", &options.signing_gcp_kms_key),
    ] {
        if !key.is_empty() {
            let opened = KmsKey::open(kms, key, environment).map_err(|error| {
                Failure::Logged(format!("the key {key:?} of {service} can't verify jobs: {}", chain(&error)))
            })?;
            return Ok(Some(opened.into_keys()));
        }
    }
    let file = options.verification_jwks_file.path();
    file.map(|path| load(path, "Verification", "verification")).transpose()
}

/// Jobs sign with these keys, but a mistake should show now.
pub(super) fn check_signing(options: &SigningOptions) -> Result<(), Failure> {
    let file = options.signing_jwks_file.path();
    file.map_or(Ok(()), |path| load(path, "Signing", "signing").map(drop))
}

fn load(path: &Path, title: &str, purpose: &str) -> Result<KeySet, Failure> {
    let failed = |what: String| Failure::Logged(format!("{title} JWKS failed validation: {what}"));
    let text = std::fs::read(path).map_err(|error| {
        failed(format!("failed to read job {purpose} keyset: open {}: {error}", path.display()))
    })?;
    let keys = KeySet::parse(&text)
        .map_err(|error| failed(format!("failed to parse job {purpose} keyset: {}", chain(&error))))?;
    keys.check().map_err(|error| failed(format!("job {purpose} keyset: {error}")))?;
    Ok(keys)
}
