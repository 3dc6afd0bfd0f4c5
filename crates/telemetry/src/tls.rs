//! Trust in collectors, and what they are shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};

/// Files that the user names; without them the system's roots are trusted, and nothing is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Certificates that are trusted in place of the system's.
    pub(crate) roots: Option<PathBuf>,
    /// Our certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// A file that is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("reading {}: {source}", path.display())]
    Read { path: PathBuf, source: rustls::pki_types::pem::Error },
    #[error("using {}: {source}", path.display())]
    Use { path: PathBuf, source: rustls::Error },
}

impl TlsFiles {
    pub(crate) fn configuration(&self, protocols: &[&[u8]]) -> Result<ClientConfig, TlsError> {
        let mut config = match &self.roots {
            None => redkite_api::tls::client_config(protocols),
            Some(path) => trusting(certificates(path)?, path, protocols)?,
        };
        if let Some((certificate, key)) = &self.identity {
            config.client_auth_cert_resolver = Arc::new(identity(certificate, key)?);
        }
        Ok(config)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    read.map_err(|source| TlsError::Read { path: path.to_path_buf(), source })
}

fn trusting(
    roots: Vec<CertificateDer<'static>>,
    path: &Path,
    protocols: &[&[u8]],
) -> Result<ClientConfig, TlsError> {
    let refused = |source| TlsError::Use { path: path.to_path_buf(), source };
    let mut usable = RootCertStore::empty();
    roots.iter().try_for_each(|root| usable.add(root.clone())).map_err(refused)?;
    redkite_api::tls::client_config_trusting(roots, protocols).map_err(refused)
}

fn identity(certificate: &Path, key: &Path) -> Result<SingleCertAndKey, TlsError> {
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|source| TlsError::Read { path: key.to_path_buf(), source })?;
    let signing = redkite_api::tls::provider().key_provider.load_private_key(private);
    let signing = signing.map_err(|source| TlsError::Use { path: key.to_path_buf(), source })?;
    Ok(CertifiedKey::new(certificates(certificate)?, signing).into())
}
