//! The command that the job came with (spec/job.md §11.2, §11.3).

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use redkite_shell::{Command, Display, quoted, split_words};
use redkite_telemetry::SpanStart;

use crate::command::CommandEnd;
use crate::docker::Container;
use crate::job::Job;
use crate::{batch, os};

/// What a command's text turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A file (or directory) below the working directory.
    Script {
        /// Where it is, cleaned.
        path: PathBuf,
        /// Where it is from the working directory.
        relative: PathBuf,
    },
    /// Something for a shell to evaluate.
    Text,
}

impl Kind {
    /// A text that names something that exists below `directory`, whatever it is, is a script.
    fn of(text: &OsStr, directory: &Path) -> Self {
        let one_line = redkite_text::join(redkite_text::split(text, b'\n'), "");
        let joined = below(directory, &one_line);
        if !joined.exists() {
            return Self::Text;
        }
        let path = redkite_git::paths::cleaned(&joined);
        let relative = relative_to(&path, directory);
        Self::Script { path, relative }
    }
}

/// A command's text as a path below `directory`.
fn below(directory: &Path, text: &OsStr) -> PathBuf {
    let bytes = text.as_encoded_bytes();
    let start = bytes.iter().position(|byte| *byte != b'/').unwrap_or(bytes.len());
    directory.join(redkite_text::from_bytes(&bytes[start..]))
}

/// `path` from `directory`, both cleaned.
fn relative_to(path: &Path, directory: &Path) -> PathBuf {
    let shared = path.components().zip(directory.components()).take_while(|(a, b)| a == b).count();
    let up = directory.components().skip(shared).map(|_| Path::new(".."));
    let down = path.components().skip(shared).map(|component| Path::new(component.as_os_str()));
    let relative: PathBuf = up.chain(down).collect();
    if relative.as_os_str().is_empty() { ".".into() } else { relative }
}

impl Job<'_> {
    /// Runs the command that the job came with, if this agent may run it.
    pub(crate) fn run_default_command(&mut self) -> CommandEnd {
        let text = self.settings.command.clone();
        if redkite_text::trimmed(&text).is_empty() {
            return impossible("The job has no command, and no hook provides one");
        }
        let kind = Kind::of(&text, &self.shell.directory());
        if let Err(end) = self.allow(&text, &kind) {
            return end;
        }
        let mut words = match split_words(&self.settings.shell) {
            Err(error) => return impossible(format!("failed to split the shell into words: {error}")),
            Ok(words) if words.is_empty() => return impossible("no shell set for job"),
            Ok(words) => words,
        };
        let shell = words.remove(0);
        let end = if batch::is_interpreter(&shell) {
            self.run_batch(&shell, words, &text, &kind)
        } else {
            self.run_words(&shell, words, &text, &kind)
        };
        self.shell.log().release();
        end
    }

    /// How the trace shows it: as the hook that it stands for.
    pub(crate) fn default_command_span(&self) -> SpanStart {
        let start = SpanStart::phase("default command hook")
            .datadog("hook.execute")
            .with("hook.name", "command")
            .with("hook.type", "default");
        let text = &self.settings.command;
        if redkite_text::trimmed(text).is_empty() {
            return start;
        }
        let path = redkite_git::paths::cleaned(&below(&self.shell.directory(), text));
        start.with("hook.command", redkite_text::shown(path.as_os_str()).into_owned())
    }

    /// Whether this agent may run it (spec/job.md §11.2).
    fn allow(&self, text: &OsStr, kind: &Kind) -> Result<(), CommandEnd> {
        let log = self.shell.log();
        let refuse = |why: &str| {
            log.comment(format_args!("No such file: {}", quoted(text)));
            Err(impossible(why))
        };
        match kind {
            Kind::Script { path, .. } if self.settings.rules.command_eval => os::make_executable(path)
                .map_err(|error| {
                    let path = path.display();
                    log.warning(format_args!("Failed to make {path} executable: {error}"));
                    impossible(format!("making {path} executable: {error}"))
                }),
            _ if self.settings.rules.command_eval => Ok(()),
            Kind::Text => refuse("This agent is not allowed to evaluate console commands"),
            Kind::Script { path, .. } if path.strip_prefix(self.shell.directory()).is_err() => {
                refuse("This agent is only allowed to run scripts within the repository")
            }
            Kind::Script { .. } => Ok(()),
        }
    }

    fn run_words(&self, shell: &OsStr, words: Vec<OsString>, text: &OsStr, kind: &Kind) -> CommandEnd {
        let (heading, argument) = match kind {
            Kind::Text => ("Running commands", text.to_owned()),
            Kind::Script { relative, .. } => {
                ("Running script", Path::new(".").join(relative).into_os_string())
            }
        };
        self.shell.log().header(heading);
        self.execute(shell, words, argument)
    }

    /// Gives the shell its last word, or the word to the container that the job's variables ask for.
    fn execute(&self, shell: &OsStr, mut words: Vec<OsString>, argument: OsString) -> CommandEnd {
        let container = Container::of(&self.shell.env());
        if let Some(container) = container {
            return container.run(&self.shell, &self.settings.identity.job, &argument);
        }
        words.push(argument.clone());
        let command = Command::new(shell, words).display(Display::Text(argument.clone()));
        CommandEnd::of_run(&argument, self.shell.run(&command))
    }

    /// As a batch file, which Windows needs to stop at the first line that fails.
    fn run_batch(&self, shell: &OsStr, words: Vec<OsString>, text: &OsStr, kind: &Kind) -> CommandEnd {
        let text = match kind {
            Kind::Text => redkite_text::shown(text),
            Kind::Script { relative, .. } => format!(".\\{}", relative.display()).into(),
        };
        let file = match batch::write(&text, &self.settings.paths.temporary) {
            Ok(file) => file,
            Err(error) => return impossible(format!("writing the batch file: {error}")),
        };
        self.shell.log().header("Running batch script");
        self.execute(shell, words, file.path().as_os_str().to_owned())
    }
}

fn impossible(text: impl Into<String>) -> CommandEnd {
    CommandEnd::Impossible { text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_is_a_script() {
        let root = tempfile::tempdir().expect("a directory");
        let directory = root.path().join("checkout");
        std::fs::create_dir_all(directory.join("scripts")).expect("made");
        std::fs::write(directory.join("scripts/t.sh"), "").expect("written");
        std::fs::write(root.path().join("outside"), "").expect("written");
        let check = |text: &str, relative: Option<&str>| {
            let expected = relative.map_or(Kind::Text, |relative| Kind::Script {
                path: redkite_git::paths::cleaned(&directory.join(relative)),
                relative: relative.into(),
            });
            assert_eq!(Kind::of(text.as_ref(), &directory), expected, "{text:?}");
        };
        check("scripts/t.sh", Some("scripts/t.sh"));
        check("./scripts/t.sh", Some("scripts/t.sh"));
        check("scripts\n/t.sh\n", Some("scripts/t.sh"));
        check("/scripts/t.sh", Some("scripts/t.sh"));
        check("scripts", Some("scripts"));
        check(".", Some("."));
        check("../outside", Some("../outside"));
        check(" scripts/t.sh", None);
        check("scripts/t.sh x", None);
        check("/bin/sh", None);
    }
}
