//! A build machine of its own for each test, and the bootstrap that runs there as the agent starts it.
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]
#![allow(dead_code, reason = "no test file uses all of it")]

pub(crate) mod checkouts;

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

const AGENT: &str = env!("CARGO_BIN_EXE_buildkite-agent");

/// A build machine with hooks, and a job for it.
pub(crate) struct Machine {
    pub(crate) root: TempDir,
    pub(crate) env: Vec<(String, OsString)>,
    /// What starts the agent, where it isn't the test itself.
    wrapper: Vec<String>,
}

/// How a bootstrap ended, and what it wrote.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What its children wrote.
    pub(crate) output: String,
    /// Its own lines, without colours.
    pub(crate) lines: String,
}

impl Machine {
    /// A job that runs `command` in a checkout that is there.
    pub(crate) fn new(command: &str) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let at = |path: &str| root.path().join(path).to_string_lossy().into_owned();
        for directory in ["build/agent/org/pipe/.buildkite/hooks", "hooks", "tmp", "home"] {
            std::fs::create_dir_all(root.path().join(directory)).expect("made");
        }
        let bin = Path::new(AGENT).parent().expect("it is in one");
        let env = [
            ("BUILDKITE_COMMAND", command.to_owned()),
            ("BUILDKITE_JOB_ID", "job".to_owned()),
            ("BUILDKITE_REPO", "/none".to_owned()),
            ("BUILDKITE_COMMIT", "HEAD".to_owned()),
            ("BUILDKITE_BRANCH", "main".to_owned()),
            ("BUILDKITE_AGENT_NAME", "agent".to_owned()),
            ("BUILDKITE_ORGANIZATION_SLUG", "org".to_owned()),
            ("BUILDKITE_PIPELINE_SLUG", "pipe".to_owned()),
            ("BUILDKITE_PIPELINE_PROVIDER", "github".to_owned()),
            ("BUILDKITE_BOOTSTRAP_PHASES", "plugin,command".to_owned()),
            ("BUILDKITE_BUILD_PATH", at("build")),
            ("BUILDKITE_HOOKS_PATH", at("hooks")),
            ("BUILDKITE_SOCKETS_PATH", at("s")),
            ("BUILDKITE_BIN_PATH", bin.to_string_lossy().into_owned()),
            ("HOME", at("home")),
            ("TMPDIR", at("tmp")),
            ("PATH", "/usr/bin:/bin".to_owned()),
        ];
        let env = env.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        Self { root, env, wrapper: Vec::new() }
    }

    pub(crate) fn env(mut self, name: &str, value: &(impl AsRef<OsStr> + ?Sized)) -> Self {
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Adds an executable file below the root.
    pub(crate) fn file(self, path: &str, content: &str) -> Self {
        let path = self.root.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it is below the root")).expect("made");
        std::fs::write(&path, content).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
        self
    }

    pub(crate) fn agent_hook(self, name: &str, script: &str) -> Self {
        self.file(&format!("hooks/{name}"), script)
    }

    /// Has another program start the agent: its words, before the agent's.
    pub(crate) fn wrapped(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub(crate) fn checkout(&self) -> PathBuf {
        self.root.path().join("build/agent/org/pipe")
    }

    pub(crate) fn start(&self) -> Child {
        self.start_with(&self.env)
    }

    /// Starts it with another environment.
    pub(crate) fn start_with(&self, environment: &[(String, OsString)]) -> Child {
        let mut words = self.wrapper.iter().map(String::as_str).chain([AGENT]);
        let mut command = Command::new(words.next().expect("the agent is one"));
        command
            .args(words)
            .arg("bootstrap")
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.root.path().join("build")).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the agent starts")
    }

    pub(crate) fn run(&self) -> Ended {
        let output = self.start().wait_with_output().expect("it ends");
        Ended::of(output.status, &output.stdout, &output.stderr)
    }

    /// Runs it and compares its status; the other words must occur in what it or its children wrote, those that
    /// begin with `!` must not.
    pub(crate) fn check(&self, status: i32, words: &[&str]) {
        let ended = self.run();
        assert_eq!(ended.status.code(), Some(status), "{}{}", ended.lines, ended.output);
        ended.check_words(words);
    }
}

impl Ended {
    fn of(status: ExitStatus, output: &[u8], lines: &[u8]) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        let lines = text(lines).replace("\x1b[90m", "").replace("\x1b[31m", "").replace("\x1b[0m", "");
        Self { status, output: text(output), lines }
    }

    /// These words must occur in what was written, those that begin with `!` must not.
    pub(crate) fn check_words(&self, words: &[&str]) {
        let all = format!("{}{}", self.lines, self.output);
        for word in words {
            match word.strip_prefix('!') {
                Some(word) => assert!(!all.contains(word), "{word:?} is in\n{all}"),
                None => assert!(all.contains(word), "{word:?} is not in\n{all}"),
            }
        }
    }
}

/// Waits until `child` has printed a line with `word`.
pub(crate) fn wait_for(child: &mut Child, word: &str) -> BufReader<std::process::ChildStdout> {
    wait_for_line(child.stdout.take().expect("it is piped"), word)
}

/// Waits until a line with `word` comes; answers what is to be read of the rest.
pub(crate) fn wait_for_line<R: std::io::Read>(stream: R, word: &str) -> BufReader<R> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while !line.contains(word) {
        line.clear();
        assert_ne!(reader.read_line(&mut line).expect("readable"), 0, "{word:?} never came");
    }
    reader
}

/// Cancels a job, which dies by that signal; `rest` is what is still to be read of its output.
pub(crate) fn terminate(child: Child, mut rest: impl Read) -> Ended {
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
    let mut output = Vec::new();
    rest.read_to_end(&mut output).expect("readable");
    let ended = child.wait_with_output().expect("it ends");
    let ended = Ended::of(ended.status, &output, &ended.stderr);
    assert_eq!(ended.status.signal(), Some(15), "{}", ended.lines);
    ended
}
