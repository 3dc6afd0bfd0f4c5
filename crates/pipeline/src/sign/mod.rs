//! Signatures of steps (spec/pipeline.md §14, §16.3): what is signed, with which key, and what a signature proves.

mod fields;
mod generate;
mod jcs;
mod jwk;
mod jws;
mod key;
mod matrix;
mod pipeline;
mod secrets;
mod service;
mod tokens;
mod verify;

pub use generate::{GenerateError, KeyAlgorithm, KeyPair, generate};
pub use jwk::{ChosenKeyError, KeySet, KeySetError};
pub use key::{SigningError, SigningKey};
pub use pipeline::{SignPipelineError, Signer, sign_pipeline};
pub use secrets::merge_pipeline_secrets;
pub use service::{ServiceKey, WrongPublicKey, fixed_signature};
pub use verify::{JobFacts, MatrixPermutation, VerifyError, verify_job};

/// The SHA-256 checksum of what is signed, in hexadecimal.
pub fn checksum(payload: &str) -> String {
    hexadecimal(payload.as_bytes())
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
