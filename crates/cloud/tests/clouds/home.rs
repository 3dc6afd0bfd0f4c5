//! A user's home directory with settings, and the variables that lead to it and to a server of the test.

use std::collections::HashMap;
use std::path::PathBuf;

use redkite_cloud::{Kms, KmsKey};
use tempfile::TempDir;

use crate::fake::{Fake, Request};

/// What no message may repeat: every secret of these tests contains it.
pub(crate) const SECRET: &str = "S3CR3T";

/// The directory and the variables.
pub(crate) struct Home {
    folder: TempDir,
    pub(crate) variables: HashMap<String, String>,
}

impl Home {
    pub(crate) fn new(fake: &Fake) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        let variables = [
            ("HOME", home),
            ("PATH", "/usr/bin:/bin".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_PROFILE", "p".to_owned()),
            ("AWS_ENDPOINT_URL", fake.url()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", fake.url()),
            ("GCE_METADATA_HOST", fake.host()),
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", fake.url()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        Self { folder, variables }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Writes a file, its directories as well, and answers with its path.
    pub(crate) fn write(&self, path: &str, text: &str) -> String {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Opens a key of a key service. What can't be opened is told without secrets.
    pub(crate) fn open(&self, kms: Kms, name: &str) -> Result<KmsKey, String> {
        KmsKey::open(kms, name, &self.variables).map_err(|error| {
            let text = error.to_string();
            assert!(!text.contains(SECRET), "{text}");
            text.replace(self.folder.path().to_str().unwrap(), "HOME")
        })
    }
}

/// What a request's form says.
pub(crate) fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect()
}
