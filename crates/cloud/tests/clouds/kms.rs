//! Keys of key services that are servers of this test and hold a real P-256 key: what they sign is verified, and what
//! they refuse is told.

use std::collections::HashMap;

use crate::fake::Fake;
use crate::services::{VERSION, aws, gcp};
use redkite_cloud::{CloudError, Kms, KmsKey};
use redkite_pipeline::sign::{
    JobFacts, KeySet, MatrixPermutation, Signer, VerifyError, sign_pipeline, verify_job,
};
use redkite_pipeline::{CommandStep, Step, parse};

const REPOSITORY: &str = "git@github.com:o/r.git";

struct Job(MatrixPermutation);

impl JobFacts for Job {
    fn variable(&self, name: &str) -> Option<&str> {
        match name {
            "BUILDKITE_REPO" => Some(REPOSITORY),
            "BUILDKITE_COMMAND" => Some("hi"),
            _ => None,
        }
    }

    fn matrix_permutation(&self) -> &MatrixPermutation {
        &self.0
    }
}

/// Opens a key with variables that all lead to `fake`.
fn open(kms: Kms, name: &str, fake: &Fake) -> Result<KmsKey, CloudError> {
    let variables: HashMap<String, String> = [
        ("AWS_ENDPOINT_URL_KMS", fake.url()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", fake.url()),
        ("AWS_CONFIG_FILE", "/nonexistent".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKID".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "hidden".to_owned()),
        ("GCE_METADATA_HOST", fake.host()),
        ("CLOUDSDK_CONFIG", "/nonexistent".to_owned()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", fake.url()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    KmsKey::open(kms, name, &variables)
}

/// Signs a step and verifies it with the same key.
pub(crate) fn prove(key: KmsKey) {
    let step = signed(&key).unwrap();
    assert_eq!(verify(&step, &key.into_keys()), Ok(()));
}

fn signed(signer: &dyn Signer) -> Result<CommandStep, String> {
    let mut pipeline = parse(b"steps: [{command: hi}]").unwrap().pipeline;
    sign_pipeline(&mut pipeline, signer, REPOSITORY, |_| ()).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error}: {cause}")
    })?;
    match pipeline.steps.into_iter().next() {
        Some(Step::Command(step)) => Ok(*step),
        other => panic!("{other:?} is no command step"),
    }
}

fn verify(step: &CommandStep, keys: &KeySet) -> Result<(), VerifyError> {
    verify_job(step, &Job(MatrixPermutation::new()), keys)
}

#[test]
fn what_a_service_signs_its_key_verifies_and_no_other() {
    for (kms, name, mine, other) in
        [(Kms::Aws, "alias/k", aws(1), aws(2)), (Kms::Gcp, VERSION, gcp(1, false), gcp(2, false))]
    {
        let signer = open(kms, name, &mine).unwrap();
        let step = signed(&signer).unwrap();
        let signature = step.signature.as_ref().unwrap();
        assert_eq!(signature.algorithm, "ES256");
        // {"alg":"ES256"}: the key has no name.
        assert!(signature.value.starts_with("eyJhbGciOiJFUzI1NiJ9.."), "{}", signature.value);
        assert_eq!(verify(&step, &signer.into_keys()), Ok(()), "{kms:?}");
        let other = open(kms, name, &other).unwrap().into_keys();
        assert_eq!(verify(&step, &other), Err(VerifyError::WrongSignature), "{kms:?}");
    }
}

#[test]
fn what_amazon_refuses_is_told() {
    let fake = aws(1);
    let url = fake.url();
    for (name, expected) in [
        ("denied", format!("AWS KMS at {url}/ answered 400: AccessDeniedException: not you")),
        ("lost", format!("AWS KMS at {url}/ answered 400: NotFoundException: no such key")),
        (
            "rsa",
            "AWS KMS key \"rsa\" is RSA_2048 for SIGN_VERIFY; pipelines are signed with ECC_NIST_P256 keys for \
             SIGN_VERIFY"
                .to_owned(),
        ),
        (
            "arn:aws:kms:us-east-1:1:key/k",
            "AWS KMS key \"arn:aws:kms:us-east-1:1:key/k\" is in region \"us-east-1\", but the region here is \
             \"eu-west-1\": set AWS_REGION"
                .to_owned(),
        ),
    ] {
        assert_eq!(open(Kms::Aws, name, &fake).unwrap_err().to_string(), expected);
    }
    let readable = open(Kms::Aws, "readable", &fake).unwrap();
    let refused = signed(&readable).unwrap_err();
    assert!(refused.ends_with("AccessDeniedException: only reading"), "{refused}");
}

#[test]
fn what_google_refuses_or_damages_is_told() {
    let fake = gcp(1, true);
    let denied = VERSION.replace("/k/", "/denied/");
    let error = open(Kms::Gcp, &denied, &fake).unwrap_err().to_string();
    assert!(error.ends_with("answered 403: PERMISSION_DENIED: not you"), "{error}");
    assert!(open(Kms::Gcp, "k", &fake).unwrap_err().to_string().contains("not the name of a key version"));
    let damaged = signed(&open(Kms::Gcp, VERSION, &fake).unwrap()).unwrap_err();
    assert!(damaged.contains("damaged on the way"), "{damaged}");
}
