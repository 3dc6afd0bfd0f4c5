//! The agent's own hooks: `agent-startup`, `agent-shutdown`, `pre-bootstrap` (spec/agent.md §7, §14.6).

use redkite_process::{Cancel, Context, Ending, Launch, Policy, Signal, SpawnError, Terminal};
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A hook that didn't succeed.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It ended with another status than 0.
    #[error("\"{hook}\" hook: {ending}")]
    Failed {
        /// Its name.
        hook: String,
        /// How it ended.
        ending: Ending,
    },
    /// It could not be started.
    #[error("\"{hook}\" hook: {}", .source.io().map_or_else(|| .source.to_string(), ToString::to_string))]
    Start {
        /// Its name.
        hook: String,
        /// Why.
        source: SpawnError,
    },
    /// The folder of hooks can't be read.
    #[error("looking for \"{hook}\" in {folder}")]
    Search {
        /// Its name.
        hook: String,
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A hook to run.
#[derive(Clone, Debug)]
pub(crate) struct Hook<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: &'a Path,
    /// Words that run it, in place of what its file says; empty for none.
    pub(crate) shell: &'a OsStr,
    pub(crate) env: Vec<(OsString, OsString)>,
}

/// The file of hook `name` in `folder`; no folder has none.
pub(crate) fn find(folder: &Path, name: &str) -> Result<Option<PathBuf>, HookError> {
    if folder.as_os_str().is_empty() {
        return Ok(None);
    }
    for ending in crate::os::HOOK_ENDINGS {
        let path = folder.join(format!("{name}{ending}"));
        match path.metadata() {
            Ok(data) if data.is_file() => return Ok(Some(path)),
            Ok(_) => {}
            Err(source)
                if matches!(
                    source.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) => {}
            Err(source) => {
                return Err(HookError::Search { hook: name.to_owned(), folder: folder.into(), source });
            }
        }
    }
    Ok(None)
}

impl Hook<'_> {
    /// Runs it on this thread until it ends, without limit; its output goes to `sink` as it comes.
    pub(crate) fn run(&self, mut sink: impl FnMut(&[u8])) -> Result<(), HookError> {
        let start = |source| HookError::Start { hook: self.name.to_owned(), source };
        let dir = std::env::current_dir().unwrap_or_default();
        let mut words = self.command().into_iter();
        let program = words.next().unwrap_or_default();
        let mut env = self.env.clone();
        env.push(("PWD".into(), dir.clone().into()));
        let launch = Launch { args: words.collect(), env, ..Launch::new(program, dir) };
        let child = launch.spawn().map_err(start)?;
        let policy = Policy::new(Signal::TERM, Duration::ZERO, Terminal::None);
        let finished = child.supervise(&Context::until(&Cancel::new()), &policy, |_, bytes| sink(bytes));
        match finished.ending {
            ending if ending.is_success() => Ok(()),
            ending => Err(HookError::Failed { hook: self.name.to_owned(), ending }),
        }
    }

    /// The words of its command line.
    fn command(&self) -> Vec<OsString> {
        let path = self.path.as_os_str().to_owned();
        let found =
            |name: &str| crate::lookup::in_path(name.as_ref(), &self.env).map(PathBuf::into_os_string);
        if let Ok(words) = redkite_shell::split_words(self.shell)
            && let Some((program, args)) = words.split_first()
        {
            let program = crate::lookup::program(program, &self.env).into_os_string();
            return [program].into_iter().chain(args.iter().cloned()).chain([path]).collect();
        }
        match self.path.extension().and_then(|ending| ending.to_str()) {
            _ if has_shebang(self.path) => vec![path],
            Some("ps1") => {
                let powershell = found(crate::os::POWERSHELL).unwrap_or_else(|| crate::os::POWERSHELL.into());
                vec![powershell, "-file".into(), path]
            }
            None | Some("sh") => match found("bash") {
                Some(bash) => vec![bash, path],
                None => {
                    tracing::warn!("There is no bash to run {} with, trying sh", self.path.display());
                    vec![found("sh").unwrap_or_else(|| "sh".into()), path]
                }
            },
            Some(_) => vec![path],
        }
    }
}

fn has_shebang(path: &Path) -> bool {
    let mut start = [0; 2];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

/// Cuts what a hook says into lines for the agent's log.
#[derive(Debug, Default)]
pub(crate) struct Lines(Vec<u8>);

impl Lines {
    /// Takes output, handing complete lines to `line`.
    pub(crate) fn write(&mut self, bytes: &[u8], mut line: impl FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.0.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.finish(&mut line);
            }
        }
    }

    /// Hands on a last line without end.
    pub(crate) fn finish(&mut self, mut line: impl FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.0);
        if !text.is_empty() {
            line(text.trim_end_matches(['\r', '\n']));
        }
        self.0.clear();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for part in ["a", "b\n\nc\r\n", "d"] {
            lines.write(part.as_bytes(), |line| seen.push(line.to_owned()));
        }
        lines.finish(|line| seen.push(line.to_owned()));
        assert_eq!(seen, ["ab", "", "c", "d"]);
    }

    #[test]
    fn a_hook_runs_with_its_environment() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        std::fs::write(dir.path().join("agent-startup"), "echo $GREETING; exit $STATUS").unwrap();
        assert_eq!(find(folder, "agent-shutdown").unwrap(), None);
        assert_eq!(find("".as_ref(), "agent-startup").unwrap(), None);
        let path = find(folder, "agent-startup").unwrap().unwrap();
        for (status, expected) in [("0", ""), ("3", "\"agent-startup\" hook: exit status 3")] {
            let env = [("PATH", "/usr/bin:/bin"), ("GREETING", "hi"), ("STATUS", status)];
            let env = env.iter().map(|(name, value)| (name.into(), value.into())).collect();
            let mut out = Vec::new();
            let hook = Hook { name: "agent-startup", path: &path, shell: "".as_ref(), env };
            let result = hook.run(|bytes| out.extend_from_slice(bytes));
            assert_eq!(out, b"hi\n");
            assert_eq!(result.map_or_else(|error| error.to_string(), |()| String::new()), expected);
        }
    }
}
