//! Files that measurements need: made once, in a folder that goes away.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::BenchError;
use crate::process::Plan;

/// The folder of one measuring session.
pub(crate) struct Fixture {
    root: TempDir,
}

/// Steps of the pipeline that is parsed.
const STEPS: usize = 5_000;
/// Files of the tree that is searched, and how many are in one folder.
const FILES: usize = 50_000;
const FILES_PER_FOLDER: usize = 100;
/// One file in so many matches.
const MATCH_EVERY: usize = 5_000;
/// Eight hooks; `command` and `checkout` stand for the built-in phases.
const HOOKS: &[&str] = &[
    "environment",
    "pre-checkout",
    "checkout",
    "post-checkout",
    "pre-command",
    "command",
    "post-command",
    "pre-exit",
];
/// The file whose lines a job prints.
const LOG_PIECE: usize = 16 << 20;

impl Fixture {
    pub(crate) fn new() -> Result<Self, BenchError> {
        let root = tempfile::Builder::new().prefix("redkite-bench-").tempdir();
        let root = root.map_err(|source| BenchError::Fixture { path: std::env::temp_dir(), source })?;
        Ok(Self { root })
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    /// A new empty folder.
    pub(crate) fn folder(&self, prefix: &str) -> Result<PathBuf, BenchError> {
        let made = tempfile::Builder::new().prefix(prefix).tempdir_in(self.root());
        made.map(TempDir::keep)
            .map_err(|source| BenchError::Fixture { path: self.root().join(prefix), source })
    }

    /// A git repository with a few files.
    pub(crate) fn repository(&self) -> Result<PathBuf, BenchError> {
        let path = self.root().join("repository");
        if path.exists() {
            return Ok(path);
        }
        for number in 0..20 {
            write(&path.join(format!("src/file{number}.txt")), "content\n".repeat(100).as_bytes())?;
        }
        for arguments in [
            &["init", "--quiet", "--initial-branch=main", "."][..],
            &["add", "."],
            &[
                "-c",
                "user.name=bench",
                "-c",
                "user.email=bench@example.com",
                "commit",
                "--quiet",
                "--message=first",
            ],
        ] {
            Plan::new(Path::new("git"), self.root())
                .directory(&path)
                .arguments(arguments.iter().copied())
                .output()?;
        }
        Ok(path)
    }

    /// A folder with eight shell hooks.
    pub(crate) fn hooks(&self) -> Result<PathBuf, BenchError> {
        let path = self.root().join("hooks");
        for hook in HOOKS {
            let file = path.join(hook);
            write(&file, format!("#!/bin/bash\nexport BENCH_{}=1\n", hook.replace('-', "_")).as_bytes())?;
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(&file, mode)
                .map_err(|source| BenchError::Fixture { path: file, source })?;
        }
        Ok(path)
    }

    /// A pipeline of many steps.
    pub(crate) fn pipeline(&self) -> Result<PathBuf, BenchError> {
        let path = self.root().join("pipeline.yml");
        let mut text = "env:\n  GREETING: hello\nsteps:\n".to_owned();
        for number in 0..STEPS {
            let _ = write!(
                text,
                "  - label: \"step {number}\"\n    key: step-{number}\n    command:\n      - echo $GREETING {number}\n      - make test\n    agents:\n      queue: default\n    env:\n      NUMBER: {number}\n"
            );
        }
        write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// A tree of many files, a few of which end in `.match`.
    pub(crate) fn tree(&self) -> Result<PathBuf, BenchError> {
        let path = self.root().join("tree");
        if path.exists() {
            return Ok(path);
        }
        for number in 0..FILES {
            let ending = if number % MATCH_EVERY == 0 { "match" } else { "txt" };
            write(&path.join(format!("{}/{number}.{ending}", number / FILES_PER_FOLDER)), b"x")?;
        }
        Ok(path)
    }

    /// A file of `mib` MiB that does not compress.
    pub(crate) fn big_file(&self, mib: u32) -> Result<PathBuf, BenchError> {
        let path = self.root().join("big.bin");
        if path.exists() {
            return Ok(path);
        }
        let fail = |source| BenchError::Fixture { path: path.clone(), source };
        let mut file = BufWriter::new(std::fs::File::create(&path).map_err(fail)?);
        let mut noise = Noise(1);
        for _ in 0..u64::from(mib) << 17 {
            file.write_all(&noise.next().to_le_bytes()).map_err(fail)?;
        }
        file.flush().map_err(fail)?;
        Ok(path)
    }

    /// A file of lines like those of a compiler, [`LOG_PIECE`] bytes.
    pub(crate) fn log_piece(&self) -> Result<(PathBuf, usize), BenchError> {
        let path = self.root().join("piece.log");
        let mut text = String::with_capacity(LOG_PIECE + 100);
        let mut noise = Noise(7);
        while text.len() < LOG_PIECE {
            let _ = writeln!(
                text,
                "[{:>8}/100000] Compiling object {:016x}.o from source/module.c",
                text.len() / 80,
                noise.next()
            );
        }
        write(&path, text.as_bytes())?;
        Ok((path, text.len()))
    }
}

/// Numbers that look random and are the same every time (xorshift).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), BenchError> {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| std::fs::write(path, content))
        .map_err(|source| BenchError::Fixture { path: path.to_path_buf(), source })
}
