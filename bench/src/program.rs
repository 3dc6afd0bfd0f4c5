//! A binary under measurement.

use std::path::{Path, PathBuf};

use crate::error::BenchError;

/// An agent binary, with the name its column has.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    pub(crate) name: String,
}

impl Program {
    /// The binary at `path`, which must exist.
    pub(crate) fn new(path: &Path) -> Result<Self, BenchError> {
        let path = path
            .canonicalize()
            .map_err(|source| BenchError::Start { program: path.to_path_buf(), source })?;
        let name = path.display().to_string();
        Ok(Self { path, name })
    }

    /// Its size.
    pub(crate) fn size_mib(&self) -> Result<f64, BenchError> {
        let meta = std::fs::metadata(&self.path);
        let meta = meta.map_err(|source| BenchError::Start { program: self.path.clone(), source })?;
        Ok(mib(meta.len()))
    }
}

/// Bytes as MiB.
#[expect(clippy::cast_precision_loss, reason = "sizes here are far below 2^52")]
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
