//! The shell that commands run in unless told otherwise.

use std::path::Path;

/// The platform's default of `--shell` (docs/spec/job.md §11.3).
pub(crate) fn default_shell() -> &'static str {
    match std::env::consts::OS {
        "windows" => r"C:\Windows\System32\CMD.exe /S /C",
        "freebsd" | "openbsd" => "/usr/local/bin/bash -e -c",
        "netbsd" => "/usr/pkg/bin/bash -e -c",
        _ if Path::new("/bin/bash").exists() => "/bin/bash -e -c",
        _ => "/usr/bin/env bash -e -c",
    }
}
