//! `tool keygen`: a key pair to sign pipelines with (docs/spec/pipeline.md §17).

use std::io::{self, Write as _};
use std::path::Path;

use redkite_pipeline::sign::{KeyAlgorithm, generate};

use super::{key_name, private_file};
use crate::cli::{Command, Context, FilePath};
use crate::failure::{Failure, chain};
use crate::options::GlobalOptions;

/// Make a key pair to sign pipelines with
///
/// Writes two files, each a JSON Web Key Set: the private one is for those who upload pipelines, the public one for
/// the agents that verify them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// EdDSA, ES512 or PS512; EdDSA if it is empty
    #[arg(long, env = "BUILDKITE_AGENT_KEYGEN_ALG")]
    alg: String,

    /// The key's name; two random words if it is empty
    #[arg(long, env = "BUILDKITE_AGENT_KEYGEN_KEY_ID")]
    key_id: String,

    /// Where the private key goes; ./ALG-KEYID-private.json if it is empty
    #[arg(long, env = "BUILDKITE_AGENT_KEYGEN_PRIVATE_JWKS_FILE")]
    private_jwks_file: FilePath,

    /// Where the public key goes; ./ALG-KEYID-public.json if it is empty
    #[arg(long, env = "BUILDKITE_AGENT_KEYGEN_PUBLIC_JWKS_FILE")]
    public_jwks_file: FilePath,

    #[command(flatten)]
    global: GlobalOptions,
}

impl Command for Args {
    fn run(self, _: &mut Context) -> Result<(), Failure> {
        let algorithm = self.algorithm()?;
        let id = self.id();
        let pair = generate(algorithm, &id)
            .map_err(|error| Failure::Logged(format!("No key could be made: {}", chain(&error))))?;
        let path = |chosen: &FilePath, half: &str| match chosen.path() {
            None => format!("./{}-{id}-{half}.json", algorithm.name()).into(),
            Some(chosen) => chosen.to_owned(),
        };
        for (half, chosen, content) in [
            ("private", &self.private_jwks_file, &pair.private),
            ("public", &self.public_jwks_file, &pair.public),
        ] {
            let path = path(chosen, half);
            tracing::info!("Writing the {half} key to {}", path.display());
            write(&path, content).map_err(|reason| {
                Failure::Logged(format!("The {half} key could not be written: {reason}"))
            })?;
        }
        tracing::info!("The keys are ready");
        Ok(())
    }
}

impl Args {
    fn algorithm(&self) -> Result<KeyAlgorithm, Failure> {
        if self.alg.is_empty() {
            tracing::info!("The algorithm is EdDSA, as none was named");
            return Ok(KeyAlgorithm::EdDsa);
        }
        KeyAlgorithm::of_name(&self.alg).ok_or_else(|| {
            let valid = KeyAlgorithm::ALL.map(KeyAlgorithm::name).join(" ");
            Failure::Logged(format!("{} is no algorithm for pipelines; these are: [{valid}]", self.alg))
        })
    }

    fn id(&self) -> String {
        if !self.key_id.is_empty() {
            return self.key_id.clone();
        }
        let id = key_name::random();
        tracing::info!("The key is called {id}, as no ID was named");
        id
    }
}

fn write(path: &Path, content: &str) -> Result<(), String> {
    let shown = path.display();
    let mut file = private_file::create(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("file {shown} already exists"),
        _ => format!("open {shown}: {error}"),
    })?;
    file.write_all(content.as_bytes()).map_err(|error| format!("write {shown}: {error}"))
}
