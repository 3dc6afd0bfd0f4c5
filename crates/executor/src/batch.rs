//! Commands as batch files (spec/job.md §11.3).

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Whether a shell's first word is Windows's command interpreter.
pub(crate) fn is_interpreter(program: &OsStr) -> bool {
    let program = redkite_text::shown(program);
    program.rsplit(['/', '\\']).next().is_some_and(|name| name.eq_ignore_ascii_case("CMD.EXE"))
}

/// Writes the batch file of a command; it goes with the value.
pub(crate) fn write(text: &str, temporary: &Path) -> io::Result<NamedTempFile> {
    let mut file =
        tempfile::Builder::new().prefix("buildkite-script-").suffix(".bat").tempfile_in(temporary)?;
    file.write_all(script(text).as_bytes())?;
    Ok(file)
}

/// Each line, and an end after the first that fails.
fn script(text: &str) -> String {
    let mut script = String::from("@echo off\n");
    for line in text.lines().filter(|line| !line.is_empty()) {
        let first = line.split_whitespace().next().unwrap_or_default().to_lowercase();
        let call = if first.ends_with(".bat") || first.ends_with(".cmd") { "call " } else { "" };
        script.push_str(&format!("{call}{line}\nif %errorlevel% neq 0 exit /b %errorlevel%\n"));
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_checked_and_batch_files_called() {
        let check = "if %errorlevel% neq 0 exit /b %errorlevel%\n";
        let expected = format!("@echo off\ndir\n{check}call Build.BAT x\n{check}");
        assert_eq!(script("dir\n\nBuild.BAT x\n"), expected);
    }

    #[test]
    fn the_interpreter_in_any_case() {
        assert!(is_interpreter(r"C:\Windows\System32\cmd.exe".as_ref()));
        assert!(is_interpreter("CMD.EXE".as_ref()));
        assert!(!is_interpreter("/bin/bash".as_ref()));
    }
}
