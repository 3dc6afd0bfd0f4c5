//! What kind of program a hook is (spec/job.md §8.4).

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// How a hook is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookKind {
    /// Sourced by a shell, so that its exports are seen. The shebang line is kept when there is one.
    Shell {
        /// The whole first line, if it begins with `#!`.
        shebang: Option<OsString>,
    },
    /// Run by the interpreter that it names.
    Script {
        /// The whole first line.
        shebang: OsString,
    },
    /// Run directly.
    Binary,
}

/// A hook's file cannot be looked into.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    /// It cannot be read.
    #[error("opening {path}: {source}")]
    Open {
        /// The hook.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its first line makes no sense.
    #[error("reading shebang line for hook: {source}")]
    Shebang {
        /// What is wrong with it.
        source: io::Error,
    },
}

/// How executables begin: ELF, MZ, and Mach-O in all its forms.
const MAGIC: &[&[u8]] = &[
    &[0x7f, b'E', b'L', b'F'],
    b"MZ",
    &[0xca, 0xfe, 0xba, 0xbe],
    &[0xfe, 0xed, 0xfa, 0xce],
    &[0xfe, 0xed, 0xfa, 0xcf],
    &[0xce, 0xfa, 0xed, 0xfe],
    &[0xcf, 0xfa, 0xed, 0xfe],
];

/// Shells that can source a hook.
const SHELLS: &[&str] = &["bash", "dash", "ksh", "sh", "zsh"];

/// A first line may be this long.
const LONGEST_LINE: u64 = 64 * 1024;

impl HookKind {
    /// Looks into the file.
    pub fn of(path: &Path) -> Result<Self, KindError> {
        let open = |source| KindError::Open { path: path.to_path_buf(), source };
        let mut reader = BufReader::new(File::open(path).map_err(open)?);
        let start = reader.fill_buf().map_err(open)?;
        if start.len() >= 4 && MAGIC.iter().any(|magic| start.starts_with(magic)) {
            return Ok(Self::Binary);
        }
        if !start.starts_with(b"#!") {
            return Ok(Self::Shell { shebang: None });
        }
        first_line(reader).map(Self::of_shebang).map_err(|source| KindError::Shebang { source })
    }

    fn of_shebang(shebang: OsString) -> Self {
        if names_shell(&shebang) { Self::Shell { shebang: Some(shebang) } } else { Self::Script { shebang } }
    }

    /// The word with which errors name it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Shell { .. } => "shell",
            Self::Script { .. } => "script",
            Self::Binary => "binary",
        }
    }
}

fn names_shell(shebang: &OsStr) -> bool {
    let line = redkite_text::shown(shebang);
    let mut words = line.trim_start_matches("#!").split_whitespace().map(base_name);
    let mut program = words.next();
    if program == Some("env") {
        program = words.next();
    }
    program.is_some_and(|program| SHELLS.contains(&program))
}

fn first_line(reader: impl BufRead) -> io::Result<OsString> {
    let mut line = Vec::new();
    let length = reader.take(LONGEST_LINE + 1).read_until(b'\n', &mut line)?;
    if length as u64 > LONGEST_LINE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the first line is too long"));
    }
    let end = line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    Ok(redkite_text::from_bytes(&line[..end]))
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(content: &[u8]) -> Result<HookKind, KindError> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("hook");
        std::fs::write(&path, content).expect("written");
        HookKind::of(&path)
    }

    #[test]
    fn kinds_by_their_first_bytes() {
        for (content, expected) in [
            ("", "shell"),
            ("echo hi", "shell"),
            ("#!/bin/bash\n", "shell"),
            ("#!/bin/sh -e\r\necho", "shell"),
            ("#! /usr/bin/env zsh\n", "shell"),
            ("#!/usr/bin/env -S bash -e\n", "script"),
            ("#!/usr/bin/env\n", "script"),
            ("#!/usr/bin/fish\n", "script"),
            ("#!/usr/bin/env python3\nprint()", "script"),
            ("\x7fELF....", "binary"),
            ("MZ..", "binary"),
            ("MZ", "shell"),
        ] {
            assert_eq!(kind(content.as_bytes()).expect("readable").as_str(), expected, "{content:?}");
        }
    }

    #[test]
    fn the_shebang_is_kept_without_its_line_end() {
        let found = kind(b"#!/bin/bash -e\r\necho").expect("readable");
        assert_eq!(found, HookKind::Shell { shebang: Some("#!/bin/bash -e".into()) });
    }

    #[test]
    fn what_cannot_be_a_hook() {
        let long = [b"#!".as_slice(), &vec![b'x'; 70_000]].concat();
        assert!(matches!(kind(&long), Err(KindError::Shebang { .. })));
        assert!(matches!(HookKind::of(Path::new("/no/such/hook")), Err(KindError::Open { .. })));
    }
}
