//! Keys that a cloud's key service keeps: they sign pipelines, and their public half verifies jobs
//! (spec/pipeline.md §14.1, §16.1).

use redkite_pipeline::sign::{KeySet, ServiceKey, Signer, SigningError};

use crate::aws::AwsKms;
use crate::gcp::GcpKms;
use crate::{CloudError, Variables};

/// Which service keeps a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kms {
    /// AWS KMS.
    Aws,
    /// Google Cloud KMS.
    Gcp,
}

/// A key of a key service, its public half fetched.
pub struct KmsKey {
    service: Box<dyn SignsDigests>,
    key: ServiceKey,
}

/// What a key service does with the private half.
pub(crate) trait SignsDigests {
    /// The signature, in the form of JWS, of a message whose digest `algorithm` wants.
    fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, CloudError>;
}

impl KmsKey {
    /// Asks the service for the key's public half.
    ///
    /// # Errors
    /// When the service doesn't answer, or the key is not for signing.
    pub fn open(kms: Kms, name: &str, variables: Variables<'_>) -> Result<Self, CloudError> {
        Ok(match kms {
            Kms::Aws => {
                let (service, key) = AwsKms::open(name, variables)?;
                Self { service: Box::new(service), key }
            }
            Kms::Gcp => {
                let (service, key) = GcpKms::open(name, variables)?;
                Self { service: Box::new(service), key }
            }
        })
    }

    /// What jobs are verified with.
    pub fn into_keys(self) -> KeySet {
        self.key.into_keys()
    }
}

impl Signer for KmsKey {
    fn algorithm(&self) -> &str {
        self.key.algorithm()
    }

    fn id(&self) -> Option<&str> {
        None
    }

    fn thumbprint(&self) -> &str {
        self.key.thumbprint()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        self.service.sign(self.algorithm(), message).map_err(|error| SigningError::Service(error.to_string()))
    }
}

impl std::fmt::Debug for KmsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KmsKey").field("key", &self.key).finish_non_exhaustive()
    }
}
