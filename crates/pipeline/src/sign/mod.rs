//! Signatures of steps (spec/pipeline.md §14, §16.3): what is signed, with which key, and what a signature proves.

mod fields;
mod generate;
mod jcs;
mod jwk;
mod jws;
mod key;
mod matrix;
mod pipeline;
mod tokens;
mod verify;

pub use generate::{GenerateError, KeyAlgorithm, KeyPair, generate};
pub use jwk::{ChosenKeyError, KeySet, KeySetError};
pub use key::{SigningError, SigningKey};
pub use pipeline::{SignPipelineError, Signer, sign_pipeline};
pub use verify::{JobFacts, MatrixPermutation, VerifyError, verify_job};
