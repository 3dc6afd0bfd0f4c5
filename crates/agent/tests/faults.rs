//! What goes wrong on build machines: nothing hangs, no status and no output is lost.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod machine;

use std::process::Command;
use std::time::{Duration, Instant};

use machine::Machine;

/// Longer than any of these may take; what is left behind in the background sleeps for much longer.
const LONG: Duration = Duration::from_secs(60);

/// With a terminal and without one, at the same time.
fn both(check: impl Fn(&dyn Fn(&str) -> Machine) + Sync) {
    let check = &check;
    std::thread::scope(|scope| {
        for terminal in ["true", "false"] {
            // Without a terminal, output is waited for one second longer than the signal's grace period.
            let machine = move |command: &str| {
                let short = Machine::new(command).env("BUILDKITE_SIGNAL_GRACE_PERIOD_SECONDS", "1");
                short.env("BUILDKITE_PTY", terminal)
            };
            scope.spawn(move || check(&machine));
        }
    });
}

/// Ends what a job has left in the background.
fn end_background(machine: &Machine) {
    let pid = std::fs::read_to_string(machine.root.path().join("build/pid")).expect("the job has written it");
    let killed = Command::new("kill").args(["-9", pid.trim()]).status().expect("kill runs");
    assert!(killed.success(), "the process in the background was gone already");
}

/// Starts a process that ignores hang-ups and holds the output open. It says its number once it does.
const DAEMON: &str = "(trap '' HUP; echo \"$BASHPID\" > \"$DIR/p\"; mv \"$DIR/p\" \"$DIR/pid\"; sleep 300; exit) &\n\
                      until [ -s \"$DIR/pid\" ]; do sleep 0.01; done; echo started\n";

fn check_daemon(place: &str) {
    both(|machine| {
        let in_command = place == "command";
        let machine = machine(&if in_command { format!("{DAEMON}exit 7") } else { "exit 7".to_owned() });
        let directory = machine.root.path().join("build").display().to_string();
        let machine = machine.env("DIR", &directory).env("BUILDKITE_PLUGINS", r#"["./ven"]"#);
        let machine = machine.file("build/agent/org/pipe/ven/hooks/pre-exit", "true");
        let machine = if in_command { machine } else { machine.file(place, DAEMON) };
        let started = Instant::now();
        machine.check(7, &["started\n"]);
        assert!(started.elapsed() < LONG, "{place}");
        end_background(&machine);
    });
}

#[test]
fn a_daemon_that_holds_the_output_of_the_command() {
    check_daemon("command");
}

#[test]
fn a_daemon_that_holds_the_output_of_a_hook() {
    check_daemon("hooks/pre-command");
}

#[test]
fn a_daemon_that_holds_the_output_of_a_plugins_hook() {
    check_daemon("build/agent/org/pipe/ven/hooks/pre-command");
}

#[test]
fn a_command_that_closes_its_output_and_goes_on() {
    both(|machine| {
        machine("echo before; exec <&- >&- 2>&-; sleep 0.2; exit 7").check(7, &["before\n"]);
    });
}

#[test]
fn a_command_that_kills_its_shell_or_everybody() {
    both(|machine| {
        machine("bash -c 'kill -9 $PPID'; echo no").check(255, &["signal: killed", "!\nno\n"]);
        machine("echo yes; kill -9 0").check(255, &["yes\n", "signal: killed"]);
    });
}

#[test]
fn a_directory_that_is_removed_under_the_commands_feet() {
    both(|machine| {
        let hook = |machine: Machine| machine.agent_hook("pre-exit", "true");
        hook(machine("rm -rf \"$PWD\"; echo went on; exit 3"))
            .check(1, &["went on\n", "status 3", "doesn't exist"]);
    });
}

#[test]
fn every_line_of_many() {
    both(|machine| {
        let ended = machine("seq 300000; exit 5").run();
        assert_eq!(ended.status.code(), Some(5));
        assert!(ended.output.lines().eq((1..=300_000).map(|number| number.to_string())));
    });
}

#[test]
fn one_line_of_many_bytes() {
    both(|machine| {
        let ended = machine("head -c 30000000 /dev/zero | tr '\\0' x; exit 6").env("A_TOKEN", "xxxxxy").run();
        assert_eq!(ended.status.code(), Some(6));
        assert_eq!(ended.output.len(), 30_000_000);
        assert!(ended.output.bytes().all(|byte| byte == b'x'));
    });
}

#[test]
fn bytes_that_are_no_text() {
    both(|machine| {
        let machine = machine("printf 'a\\000\\377\\200b\\303'; exit 4");
        let output = machine.start().wait_with_output().expect("it ends");
        assert_eq!(
            (output.status.code(), output.stdout.as_slice()),
            (Some(4), b"a\0\xff\x80b\xc3".as_slice())
        );
    });
}

#[test]
fn an_environment_of_a_megabyte() {
    let fill = "for i in $(seq 60); do export \"V$i=$(head -c 17000 /dev/zero | tr '\\0' z)\"; done";
    both(|machine| {
        machine("echo \"$(env | wc -c) ${#V60}\" | sed 's/^1[0-9]* /many /'; exit 3")
            .agent_hook("pre-command", fill)
            .agent_hook("pre-exit", "echo at the end ${#V60}")
            .check(3, &["many 17000\n", "at the end 17000\n"]);
    });
}

#[test]
fn a_variable_that_no_process_can_be_given_is_named() {
    both(|machine| {
        machine("echo no such output")
            .agent_hook("pre-command", "export HUGE=$(head -c 3000000 /dev/zero | tr '\\0' y)")
            .check(1, &["# HUGE added", "the variable HUGE has 3000006 of ", "!\nno such output\n"]);
    });
}

/// In a user's own name space, where the system has those; everywhere else a directory in which nothing can be made
/// has to do.
#[test]
fn no_room_for_temporary_files() {
    let full = "mount -t tmpfs -o size=4k none \"$TMPDIR\" && head -c 100000 /dev/zero > \"$TMPDIR/filler\"; exec \"$@\"";
    let machine =
        Machine::new("echo no").agent_hook("pre-command", "echo no").agent_hook("post-command", "true");
    let may = Command::new("unshare").args(["-Urm", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    let words = ["Error creating hook script: ", "running \"agent pre-command\" shell hook: ", "!no\n"];
    if may.is_ok_and(|output| output.status.success()) {
        machine.wrapped(&["unshare", "-Urm", "sh", "-c", full, "sh"]).check(1, &words);
    } else {
        machine.file("full", "").env("TMPDIR", "/dev/full/tmp").check(1, &words);
    }
}
