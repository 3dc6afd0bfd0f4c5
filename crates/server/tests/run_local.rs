//! `redkite run` with real agents in real repositories.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than any run here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A repository with one commit, and a data folder, in a folder whose name has a space.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(pipeline: &str) -> Self {
        let place = Self { folder: tempfile::Builder::new().prefix("a place ").tempdir().expect("a folder") };
        fs::create_dir_all(place.repository().join(".buildkite")).expect("a folder");
        place.write(".buildkite/pipeline.yml", pipeline);
        place.git(&["init", "-q", "-b", "main"]);
        place.git(&["add", "."]);
        place.git(&["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "First"]);
        place
    }

    fn repository(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.repository().join(path), text).expect("writing");
    }

    #[expect(clippy::disallowed_methods, reason = "a test starts programs")]
    fn git(&self, args: &[&str]) {
        let git = Command::new("git").args(args).current_dir(self.repository()).status().expect("git");
        assert!(git.success(), "git {args:?}");
    }

    #[expect(clippy::disallowed_methods, reason = "a test starts programs")]
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redkite"));
        command.arg("run").arg("--data").arg(self.data()).args(["--agents", "2"]).args(args);
        command.current_dir(self.repository()).stdin(Stdio::null());
        command.env("HOME", self.folder.path()).env_remove("XDG_STATE_HOME");
        command
    }

    fn run(&self, args: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(args).output().expect("redkite starts");
        let text = [stdout, stderr].concat();
        (status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
    }

    fn start(&self) -> Child {
        self.command(&[]).stdout(Stdio::piped()).spawn().expect("redkite starts")
    }

    /// Processes that have to do with this place.
    fn processes(&self) -> Vec<String> {
        let of_place = self.folder.path().display().to_string();
        let entries = fs::read_dir("/proc").expect("the process table").flatten();
        let lines = entries.filter_map(|entry| {
            let command = fs::read(entry.path().join("cmdline")).ok()?;
            let place = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            let line = String::from_utf8_lossy(&command).replace('\0', " ");
            (line.contains(&of_place) || place.starts_with(&of_place)).then_some(line)
        });
        lines.collect()
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::yield_now();
    }
}

/// Reads what `child` prints until `text` is in it.
fn read_until(child: &mut Child, text: &str) {
    let out = child.stdout.as_mut().expect("a pipe");
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert_eq!(out.read(&mut byte).expect("output"), 1, "it ended before {text:?}");
        seen.push(byte[0]);
    }
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, signal).expect("it is there");
}

const TWO_STEPS: &str = r#"
steps:
  - label: First
    key: first
    agents: { queue: elsewhere }
    command:
      - echo "the file says $$(cat file 2>/dev/null || echo nothing), $$COLOUR"
      - echo made > made.txt
      - buildkite-agent meta-data set answer 42
    artifact_paths: made.txt
  - wait
  - label: Second
    key: second
    command: echo "answer $$(buildkite-agent meta-data get answer) $$(buildkite-agent meta-data get given)"
"#;

#[test]
fn a_build_passes_and_its_results_are_there() {
    let place = Place::new(TWO_STEPS);
    let (status, text) = place.run(&["--env", "COLOUR=red", "--meta-data", "given=yes"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("[First] the file says nothing, red\n"), "{text}");
    assert!(text.contains("[Second] answer 42 yes\n"), "{text}");
    let results = place.data().join("runs/repo-1");
    assert_eq!(fs::read_to_string(results.join("artifacts/first/made.txt")).expect("the artifact"), "made\n");
    assert!(fs::read_to_string(results.join("logs/second.log")).expect("the log").contains("answer 42 yes"));
    assert_eq!(place.processes(), [""; 0]);
}

#[test]
fn the_working_tree_is_built_when_asked_for() {
    let place = Place::new(TWO_STEPS);
    place.write("file", "new");
    let (status, text) = place.run(&["--dirty", "--step", "first"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("the file says new") && !text.contains("Second"), "{text}");
}

#[test]
fn a_data_folder_in_the_repository_stays_out_of_it() {
    let place = Place::new("steps: [{command: ls -A}]");
    std::os::unix::fs::symlink(place.repository().join("inside"), place.data()).expect("a link");
    fs::create_dir(place.repository().join("inside")).expect("a folder");
    place.git(&["status"]);
    let (status, text) = place.run(&["--dirty"]);
    assert!(status == 0 && !text.contains("inside  "), "{text}");
    place.git(&["add", "--all"]);
    place.git(&["diff", "--cached", "--exit-code"]);
}

#[test]
fn a_failed_step_is_shown_with_its_log() {
    let place =
        Place::new("steps: [{label: Bad, command: 'echo the reason; exit 3'}, wait, {command: never}]");
    let (status, text) = place.run(&[]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("✗ Bad failed: exit 3\n") && text.contains("│ the reason\n"), "{text}");
}

#[test]
fn events_are_lines_of_json() {
    let place = Place::new("steps: [{label: A, command: echo hello}]");
    let (status, text) = place.run(&["--json"]);
    assert_eq!(status, 0, "{text}");
    let events: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let kinds: Vec<_> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"build_started"), Some(&"build_finished")));
    assert!(events.iter().any(|event| event["event"] == "log" && event["line"] == "hello"));
    assert_eq!(events.last().map(|event| event["exit_status"].clone()), Some(0.into()));
}

#[test]
fn block_steps_are_opened_or_end_the_run() {
    let place = Place::new(
        "steps: [{block: Ship, key: ship, blocked_state: failed, fields: [{text: T, key: t}]}, \
         {command: 'buildkite-agent meta-data get t'}]",
    );
    let (status, text) = place.run(&[]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("[Ship] blocked (--unblock ship opens it)"), "{text}");
    let (status, text) = place.run(&["--unblock", "ship"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("give --meta-data for t"), "{text}");
    let (status, text) = place.run(&["--unblock", "all", "--meta-data", "t=answer"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("] answer\n"), "{text}");
}

#[test]
fn an_opened_block_step_lets_the_build_pass() {
    let place =
        Place::new("steps: [{command: echo before}, {block: Ship, key: ship}, {command: echo after}]");
    for word in ["all", "ship", "Ship"] {
        let (status, text) = place.run(&["--unblock", word]);
        assert_eq!(status, 0, "{word}: {text}");
        assert!(text.contains("] before\n") && text.contains("] after\n"), "{word}: {text}");
        assert!(text.contains("redkite: build passed\n") && !text.contains("warning"), "{word}: {text}");
    }
}

#[test]
fn a_step_to_open_that_is_not_there_is_a_warning() {
    let place = Place::new("steps: [{block: Ship, key: ship}, {command: echo after}]");
    let (status, text) = place.run(&["--unblock", "shpi", "--unblock", "ship"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("redkite: warning: --unblock \"shpi\": no block or input step"), "{text}");
}

#[test]
fn a_build_that_nobody_opens_ends_as_its_blocked_state_says() {
    let place = Place::new("");
    for (says, expected) in [
        ("", 0),
        (", blocked_state: passed", 0),
        (", blocked_state: running", 1),
        (", blocked_state: failed", 1),
    ] {
        place.write(
            "p.yml",
            &format!("steps: [{{command: echo before}}, {{block: Ship{says}}}, {{command: echo after}}]"),
        );
        let (status, text) = place.run(&["p.yml"]);
        assert_eq!(status, expected, "{says}: {text}");
        assert!(text.contains("] before\n") && !text.contains("] after\n"), "{says}: {text}");
        assert!(text.contains(" blocked in "), "{says}: {text}");
    }
}

#[test]
fn wrong_input_is_named_and_leaves_nothing() {
    let place = Place::new("steps: [{command: a}]");
    for (pipeline, part) in [
        ("steps:\n  - command: \"a\n", "wrong.yml: line"),
        ("steps: [{command: a, key: x, depends_on: y}, {command: b, key: y, depends_on: x}]", "\"x\""),
        ("steps: [{command: a, key: one}, {command: b, depends_on: onw}]", "did you mean \"one\"?"),
    ] {
        place.write("wrong.yml", pipeline);
        let (status, text) = place.run(&["wrong.yml"]);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains(part), "{text}");
    }
    fs::remove_dir_all(place.data()).expect("removing");
    fs::write(place.data(), "a file").expect("writing");
    let (status, text) = place.run(&[]);
    assert!(status == 2 && text.contains(&place.data().display().to_string()), "{text}");
    fs::rename(place.repository().join(".git"), place.folder.path().join("gone")).expect("moving");
    let (status, text) = place.run(&[]);
    assert!(status == 2 && text.contains("not inside the working tree of a git repository"), "{text}");
    assert_eq!(place.processes(), [""; 0]);
}

#[test]
fn a_relative_submodule_is_found_beside_the_repository() {
    let place = Place::new("steps: [{command: cat sub/file}]");
    // Git's own default forbids submodules from paths.
    fs::write(place.folder.path().join(".gitconfig"), "[protocol \"file\"]\n\tallow = always\n")
        .expect("writing");
    let user = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"];
    let git = |args: &[&str]| place.git(&[&user, args].concat());
    git(&["init", "-q", "-b", "main", "../lib"]);
    place.write("../lib/file", "one of the library\n");
    git(&["-C", "../lib", "add", "."]);
    git(&["-C", "../lib", "commit", "-qm", "One"]);
    git(&["submodule", "--quiet", "add", "../lib", "sub"]);
    git(&["commit", "-qm", "Submodule"]);
    let (status, text) = place.run(&[]);
    assert!(status == 0 && text.contains("] one of the library\n"), "{text}");
    // Five runs of two agents: one of them updates a submodule that git has "synchronized" before.
    for version in ["two", "three", "four", "five"] {
        place.write("../lib/file", &format!("{version} of the library\n"));
        git(&["-C", "../lib", "commit", "-qam", version]);
        git(&["-C", "sub", "pull", "-q"]);
        git(&["commit", "-qam", version]);
        let (status, text) = place.run(&[]);
        assert!(status == 0 && text.contains(&format!("] {version} of the library\n")), "{text}");
        assert!(!text.contains("fatal: "), "{text}");
    }
}

/// Its processes leave their parent, their group and their session.
const STUBBORN: &str =
    "steps: [{command: 'trap \"\" TERM; setsid sleep 1000 & (sleep 1001 &) ; echo ready; sleep 1002'}]";

#[test]
fn a_killed_run_takes_every_process_along() {
    let place = Place::new(STUBBORN);
    let mut run = place.start();
    read_until(&mut run, "] ready");
    signal(&run, rustix::process::Signal::KILL);
    run.wait().expect("it ends");
    wait_until("the end of all processes", || place.processes().is_empty());
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let place = Place::new(STUBBORN);
    let mut run = place.start();
    read_until(&mut run, "] ready");
    let (status, text) = place.run(&[]);
    assert!(status == 2 && text.contains("is in use by another redkite process"), "{text}");
    signal(&run, rustix::process::Signal::INT);
    read_until(&mut run, "once more to stop at once");
    signal(&run, rustix::process::Signal::INT);
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
    assert_eq!(place.processes(), [""; 0]);
}

#[test]
fn an_interrupt_cancels_the_build() {
    let place = Place::new("steps: [{command: 'echo ready; sleep 1000'}]");
    let mut run = place.start();
    read_until(&mut run, "] ready");
    signal(&run, rustix::process::Signal::INT);
    read_until(&mut run, "Build #1 canceled");
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
    assert_eq!(place.processes(), [""; 0]);
    assert!(Path::new(&place.data()).is_dir());
}

/// Redkite raises for itself how many files may be open; programs that count on the usual number don't notice.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test starts programs")]
fn jobs_may_open_as_many_files_as_the_user() {
    let place = Place::new("steps:\n  - command: echo \"files $$(ulimit -Sn)\"\n");
    let run = place.command(&[]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -Sn 300 && exec \"$@\"", "sh"]).arg(run.get_program()).args(run.get_args());
    limited.current_dir(place.repository()).stdin(Stdio::null()).env("HOME", place.folder.path());
    let output = limited.output().expect("redkite starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("files 300"), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
}
