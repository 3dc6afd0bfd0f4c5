//! A sealed place with a repository, a job's shell, and its log.

use redkite_git::settings::{
    Flags, Keyscan, RemoteMirrorSource, Source, SparseWish, Submodules, Verification,
};
use redkite_git::{CheckoutError, Settings, check_out, directory};
use redkite_process::{Cancel, Context, Signal, Terminal};
use redkite_shell::{Command, Display, Log, Setup, Shell, Verbosity};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panics in it").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The place. Its repository `project` has two commits on `main` and one on `side`.
pub(crate) struct Bed {
    root: tempfile::TempDir,
    pub(crate) shell: Shell,
    pub(crate) cancel: Cancel,
    pub(crate) leftovers: Vec<PathBuf>,
    lines: Shared,
    output: Shared,
}

const MAKE_PROJECT: &str = "
    mkdir home && git init -q -b main project && cd project
    echo 1 > a.txt && git add . && git commit -qm first
    echo 2 > a.txt && git commit -qam second
    git checkout -q -b side && echo side > a.txt && git commit -qam third
    git update-ref refs/pull/7/head side && git checkout -q main
";

impl Bed {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let (lines, output, cancel) = (Shared::default(), Shared::default(), Cancel::new());
        let path = std::fs::canonicalize(root.path()).expect("it exists");
        let at = |name: &str| path.join(name).to_string_lossy().into_owned();
        let variables = [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME", at("home")),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", "protocol.file.allow".to_owned()),
            ("GIT_CONFIG_VALUE_0", "always".to_owned()),
            ("GIT_AUTHOR_NAME", "Test".to_owned()),
            ("GIT_AUTHOR_EMAIL", "test@example.com".to_owned()),
            ("GIT_COMMITTER_NAME", "Test".to_owned()),
            ("GIT_COMMITTER_EMAIL", "test@example.com".to_owned()),
            ("GIT_TERMINAL_PROMPT", "0".to_owned()),
            ("BUILDKITE_AGENT_ACCESS_TOKEN", "x".to_owned()),
            (directory::CHECKOUT_PATH, at("builds/demo")),
        ];
        let shell = Shell::new(Setup {
            base_env: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            directory: path,
            log: Log::new(lines.clone(), output.clone(), Vec::new()),
            context: Context::until(&cancel),
            signal: Signal::TERM,
            grace: Duration::from_secs(30),
            terminal: Terminal::None,
            // Shows what is captured, too.
            verbosity: Verbosity::Debug,
            trace: Default::default(),
        });
        let bed = Self { root, shell, cancel, leftovers: Vec::new(), lines, output };
        bed.sh(MAKE_PROJECT);
        bed
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        std::fs::canonicalize(self.root.path()).expect("it exists").join(name)
    }

    /// The output of a script that runs in the place's own directory.
    pub(crate) fn sh(&self, script: &str) -> String {
        let script = format!("cd '{}' && {{\n{script}\n}}", self.path("").display());
        let command = Command::new("sh", ["-ec", &script]).display(Display::Never);
        self.shell.within(&Context::until(&Cancel::new())).capture(&command).expect("the script succeeds")
    }

    pub(crate) fn commit(&self, reference: &str) -> String {
        self.sh(&format!("git -C project rev-parse {reference}"))
    }

    /// A checkout of `commit` of the repository `project`, tried once.
    pub(crate) fn settings(&self, commit: &str) -> Settings {
        let repository = self.path("project").to_string_lossy().into_owned();
        Settings {
            repository: repository.clone().into(),
            source: Source {
                commit: commit.into(),
                branch: "main".into(),
                pull_request: "false".into(),
                provider: "custom".into(),
                ..Source::default()
            },
            flags: Flags::default(),
            mirrors: None,
            remote_mirror: RemoteMirrorSource {
                repository_at_start: repository.into(),
                ..Default::default()
            },
            submodules: Submodules { enabled: true, configuration: Vec::new() },
            sparse: SparseWish::default(),
            skip_fetch_existing: false,
            lfs: false,
            ssh_key: String::new(),
            verification: Verification::Off,
            keyscan: Keyscan::Off,
            home: None,
            clean: false,
            attempts: 1,
            timeout: None,
            command_follows: true,
            resolve_commit: false,
            agent: "/bin/true".into(),
            pipeline: "demo".into(),
        }
    }

    pub(crate) fn check_out(&mut self, settings: &Settings) -> Result<(), CheckoutError> {
        self.lines.0.lock().expect("no test panics in it").clear();
        self.output.0.lock().expect("no test panics in it").clear();
        directory::ensure(&self.shell).expect("it can be made");
        check_out(&self.shell, settings, &mut self.leftovers)
    }

    /// What is in the checked-out file.
    pub(crate) fn checked_out(&self) -> String {
        self.sh("cat builds/demo/a.txt")
    }

    /// The log of the last checkout, without colours and with `$ROOT` for the place.
    pub(crate) fn log(&self) -> String {
        let log = self.lines.0.lock().expect("no test panics in it").clone();
        let log =
            String::from_utf8(log).expect("logs are text").replace("\x1b[90m", "").replace("\x1b[0m", "");
        log.replace(&*Path::new(&self.path("")).to_string_lossy(), "$ROOT/").replace("$ROOT//", "$ROOT/")
    }

    /// What the commands of the last checkout wrote.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.0.lock().expect("no test panics in it")).into_owned()
    }

    /// The git command lines of the last checkout, without `git`.
    pub(crate) fn git(&self) -> Vec<String> {
        let log = self.log();
        let commands = log.lines().filter_map(|line| line.strip_prefix("$ git ")).map(str::to_owned);
        commands.collect()
    }
}
