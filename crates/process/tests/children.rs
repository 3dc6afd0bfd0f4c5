//! Real children: what they get, what they give, and how they are ended.
#![cfg(unix)]

use std::ffi::OsString;
use std::time::{Duration, Instant};

use redkite_process::{
    Cancel, Context, Ending, Finished, Input, Launch, OutputEnd, Policy, Signal, SpawnError, Stream, Streams,
    Terminal,
};

/// Longer than any test may take.
const LONG: Duration = Duration::from_secs(60);

fn sh(script: &str) -> Launch {
    let mut launch = Launch::new("/bin/sh", "/");
    launch.args = vec!["-c".into(), script.into()];
    launch.env = vec![("PATH".into(), "/usr/bin:/bin".into())];
    launch
}

/// Runs it and answers its end and its output, standard error in brackets.
fn run(launch: &Launch, context: &Context, policy: Policy) -> (Finished, String) {
    let mut text = String::new();
    let finished = launch.spawn().expect("sh starts").supervise(context, &policy, |stream, bytes| {
        let bytes = String::from_utf8_lossy(bytes);
        text += &if stream == Stream::Err { format!("[{bytes}]") } else { bytes.into_owned() };
    });
    (finished, text)
}

fn check(launch: &Launch, ending: Ending, text: &str) {
    let context = Context::until(&Cancel::new());
    let (finished, output) = run(launch, &context, Policy::new(Signal::TERM, LONG, launch.terminal));
    assert_eq!((finished.ending, output.as_str()), (ending, text), "{:?}", launch.args);
    assert_eq!(finished.output, OutputEnd::Complete);
}

#[test]
fn endings_and_output() {
    check(&sh("echo out; echo err >&2; echo more"), Ending::Exited(0), "out\nerr\nmore\n");
    check(&sh("exit 7"), Ending::Exited(7), "");
    check(&sh("kill -9 $$"), Ending::Signalled(Signal::KILL), "");
    check(&sh("cat"), Ending::Exited(0), "");
    check(&sh("printf 123456 | head -c 3"), Ending::Exited(0), "123");
}

#[test]
fn streams_can_be_told_apart() {
    let split = Launch { streams: Streams::Split, ..sh("echo err >&2; exec 2>&-; echo out") };
    let context = Context::until(&Cancel::new());
    let (_, output) = run(&split, &context, Policy::new(Signal::TERM, LONG, Terminal::None));
    assert!(["[err\n]out\n", "out\n[err\n]"].contains(&output.as_str()), "{output:?}");
}

#[test]
fn input_is_read_to_its_end() {
    let big = "x".repeat(200_000);
    check(&Launch { input: Input::Bytes(big.clone().into_bytes()), ..sh("cat") }, Ending::Exited(0), &big);
}

#[test]
fn a_terminal_has_a_size_a_session_and_line_ends() {
    let pty = Launch { terminal: Terminal::Pty, ..sh("stty size; test -t 0 && test -t 2 && echo tty") };
    check(&pty, Ending::Exited(0), "100 160\r\ntty\r\n");
    check(&Launch { terminal: Terminal::RawPty, ..sh("echo a") }, Ending::Exited(0), "a\n");
    check(&Launch { terminal: Terminal::Pty, ..sh("echo a > /dev/tty") }, Ending::Exited(0), "a\r\n");
}

#[test]
fn output_beside_a_terminal_looks_as_if_it_had_gone_through() {
    let beside = |terminal, script| Launch { terminal, streams: Streams::Beside, ..sh(script) };
    let pty = |script| beside(Terminal::Pty, script);
    check(&pty("echo a; echo b >&2; printf 'c\\r\\nd'"), Ending::Exited(0), "a\r\nb\r\nc\r\r\nd");
    check(&pty("test -t 0 && stty size"), Ending::Exited(0), "100 160\r\n");
    check(&pty("echo a > /dev/tty"), Ending::Exited(0), "a\r\n");
    check(&pty("exec >&- 2>&-; sleep 0.1; exit 3"), Ending::Exited(3), "");
    check(&beside(Terminal::RawPty, "echo a; echo b >&2"), Ending::Exited(0), "a\nb\n");
    check(&beside(Terminal::None, "echo a; test -t 0 || echo b >&2"), Ending::Exited(0), "a\nb\n");
}

#[test]
fn a_terminal_written_to_without_a_break_is_read_whole() {
    let script = "yes | head -c 1000000; echo end";
    let expected = "y\r\n".repeat(500_000) + "end\r\n";
    check(&Launch { terminal: Terminal::Pty, ..sh(script) }, Ending::Exited(0), &expected);
}

/// Programs close their streams a moment before they end; a shell may even go on without any.
#[test]
fn a_terminal_is_not_hung_up_on_a_child_that_has_closed_its_streams() {
    let script = sh("echo a; exec <&- >&- 2>&-; sleep 0.3; exit 3");
    check(&Launch { terminal: Terminal::Pty, ..script }, Ending::Exited(3), "a\r\n");
}

#[test]
fn environment_is_exactly_what_was_given() {
    let mut launch = Launch::new("/usr/bin/env", "/");
    launch.env = vec![("A".into(), "1".into()), ("B".into(), "x\ny".into()), ("A".into(), "2".into())];
    check(&launch, Ending::Exited(0), "A=2\nB=x\ny\n");
}

/// Cancels as soon as the child says that it is ready.
fn cancelled(script: &str, policy: Policy) -> (Finished, String) {
    let cancel = Cancel::new();
    let mut text = String::new();
    let child = sh(script).spawn().expect("sh starts");
    let finished = child.supervise(&Context::until(&cancel), &policy, |_, bytes| {
        text += &String::from_utf8_lossy(bytes);
        cancel.cancel();
    });
    (finished, text)
}

#[test]
fn a_cancelled_group_is_interrupted() {
    let policy = Policy::new(Signal::TERM, LONG, Terminal::None);
    let (finished, _) = cancelled("echo ready; sleep 100", policy);
    assert_eq!(finished.ending, Ending::Signalled(Signal::TERM));
    let (finished, text) = cancelled("trap 'echo bye; exit 3' TERM; echo ready; while :; do :; done", policy);
    assert_eq!((finished.ending, text.as_str()), (Ending::Exited(3), "ready\nbye\n"));
}

/// When the agent takes no more output, the job can be cancelled all the same.
#[test]
fn a_sink_that_blocks_does_not_keep_a_child_from_being_interrupted() {
    let directory = tempfile::tempdir().expect("a directory");
    let marker = directory.path().join("interrupted");
    let script = format!("trap 'echo > {}; exit 4' TERM; echo ready; sleep 100 & wait", marker.display());
    let cancel = Cancel::new();
    let patience = Context::until(&Cancel::new()).with_deadline(Instant::now() + LONG);
    // A sleeper that was forked after the signal still holds the pipe.
    let policy = Policy { signal: Signal::TERM, grace: LONG, drain: Duration::from_millis(50) };
    let child = sh(&script).spawn().expect("sh starts");
    let finished = child.supervise(&Context::until(&cancel), &policy, |_, _| {
        cancel.cancel();
        while !marker.exists() && patience.sleep(Duration::from_millis(5)) {}
    });
    assert!(marker.exists());
    assert_eq!(finished.ending, Ending::Exited(4));
}

#[test]
fn a_sink_that_panics_ends_the_child() {
    let started = Instant::now();
    let child = sh("yes").spawn().expect("sh starts");
    let context = Context::until(&Cancel::new());
    let policy = Policy::new(Signal::TERM, LONG, Terminal::None);
    let supervise = || child.supervise(&context, &policy, |_, _| panic!("the sink is broken"));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(supervise)).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"the sink is broken"));
    assert!(started.elapsed() < LONG);
}

#[test]
fn who_does_not_listen_is_killed() {
    let policy = Policy { signal: Signal::TERM, grace: Duration::from_millis(50), drain: LONG };
    let (finished, _) = cancelled("trap '' TERM; echo ready; sleep 100", policy);
    assert_eq!(finished.ending, Ending::Signalled(Signal::KILL));
}

/// Not only its leader, which has ended long before.
#[test]
fn who_holds_the_output_of_a_cancelled_group_is_killed() {
    let policy = Policy { signal: Signal::TERM, grace: Duration::from_millis(50), drain: LONG };
    let script = "trap 'exit 3' TERM; (trap '' TERM; echo ready; sleep 100) & wait";
    let (finished, _) = cancelled(script, policy);
    assert_eq!(finished, Finished { ending: Ending::Exited(3), output: OutputEnd::Complete });
}

#[test]
fn a_background_process_does_not_hold_the_job() {
    let policy = Policy { signal: Signal::TERM, grace: LONG, drain: Duration::from_millis(50) };
    let launch = sh("sleep 100 & echo $!");
    let started = Instant::now();
    let (finished, pid) = run(&launch, &Context::until(&Cancel::new()), policy);
    assert_eq!(finished, Finished { ending: Ending::Exited(0), output: OutputEnd::Abandoned });
    assert!(started.elapsed() < LONG);
    check(&sh(&format!("kill {pid}")), Ending::Exited(0), "");
}

/// Somebody in the background who has closed the output and doesn't answer: stays, or doesn't, as the child was
/// started.
#[test]
fn a_cancelled_child_leaves_nobody_if_so_wanted() {
    let script = "(trap '' TERM; exec sh -c 'echo $$; exec >&- 2>&-; exec sleep 100') & wait";
    let rest_of = |child: redkite_process::Child| {
        let (cancel, mut pid) = (Cancel::new(), String::new());
        let policy = Policy::new(Signal::TERM, LONG, Terminal::None);
        let finished = child.supervise(&Context::until(&cancel), &policy, |_, bytes| {
            pid += &String::from_utf8_lossy(bytes);
            if pid.ends_with('\n') {
                cancel.cancel();
            }
        });
        assert_eq!(finished.ending, Ending::Signalled(Signal::TERM));
        pid.trim().to_owned()
    };
    let stays = rest_of(sh(script).spawn().expect("sh starts"));
    check(&sh(&format!("kill -9 {stays}")), Ending::Exited(0), "");
    let gone = rest_of(sh(script).spawn().expect("sh starts").leaving_nobody());
    check(&sh(&format!("while kill -0 {gone} 2>/dev/null; do sleep 0.01; done")), Ending::Exited(0), "");
}

#[test]
fn a_deadline_interrupts_too() {
    let context = Context::until(&Cancel::new()).with_deadline(Instant::now());
    let (finished, _) = run(&sh("sleep 100"), &context, Policy::new(Signal::TERM, LONG, Terminal::None));
    assert_eq!(finished.ending, Ending::Signalled(Signal::TERM));
}

#[test]
fn what_cannot_start_says_why() {
    let missing = Launch::new("/nowhere/x", "/").spawn().expect_err("there is no such program");
    assert!(missing.is_not_found(), "{missing:?}");
    let homeless = Launch::new("/bin/sh", "/nowhere").spawn().expect_err("there is no such directory");
    assert!(matches!(homeless, SpawnError::NoDirectory(_)));
    assert_eq!(homeless.to_string(), r#"process working directory "/nowhere" doesn't exist"#);
    for terminal in [Terminal::None, Terminal::Pty] {
        let told = |args: Vec<OsString>, env: Vec<(OsString, OsString)>| {
            let launch = Launch { args, env, terminal, ..Launch::new("/bin/sh", "/") };
            launch.spawn().expect_err("a NUL ends every text").to_string()
        };
        let variable = told(vec![], vec![("A".into(), "a".into()), ("B".into(), "b\0c".into())]);
        assert_eq!(variable, "starting /bin/sh: the variable B has a NUL in it");
        assert_eq!(told(vec!["\0".into()], vec![]), "starting /bin/sh: argument 1 has a NUL in it");
    }
}

/// With a terminal and without one, whatever the C library would make of it.
#[test]
fn nothing_is_run_by_a_shell_that_nobody_asked_for() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("program");
    let binary = std::fs::read("/bin/sh").expect("it is there");
    let (missing, no_format, denied) = (Some(2), Some(8), Some(13));
    let check = |content: &[u8], mode: u32, expected: Option<i32>| {
        std::fs::write(&path, content).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        for terminal in [Terminal::None, Terminal::Pty] {
            let error = Launch { terminal, ..Launch::new(&path, "/") }.spawn().expect_err("it is no program");
            let number = error.io().and_then(std::io::Error::raw_os_error);
            let content = String::from_utf8_lossy(content);
            assert_eq!(number, expected, "{content:?}, {terminal:?}");
        }
    };
    check(b"", 0o755, no_format);
    check(b"echo from a shell", 0o755, no_format);
    check(b"#!\nfoo", 0o755, no_format);
    check(b"\x7fELF", 0o755, no_format);
    check(&binary[..100], 0o755, no_format);
    check(b"#!/bin", 0o755, denied);
    check(b"#!/nowhere/sh", 0o755, missing);
    check(&binary, 0o644, denied);
}

#[test]
fn what_is_too_long_is_named() {
    let mut launch = sh("true");
    launch.env.push(("HUGE".into(), "x".repeat(3_000_000).into()));
    let error = launch.spawn().expect_err("no system hands that over").to_string();
    let expected =
        "starting /bin/sh: the variable HUGE has 3000006 of 3000033 bytes of arguments and environment";
    assert_eq!(error, expected);
    let mut launch = sh(&"x".repeat(4_000_000));
    launch.env.push(("HUGE".into(), "x".repeat(3_000_000).into()));
    let error = launch.spawn().expect_err("no system hands that over").to_string();
    assert!(error.starts_with("starting /bin/sh: argument 2 has 4000001 of "), "{error}");
}

#[test]
fn a_program_that_is_still_being_written_is_tried_again() {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("program");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .mode(0o700)
        .truncate(true)
        .open(&path)
        .expect("a file");
    file.write_all(b"#!/bin/sh\necho ran\n").expect("written");
    let closer = std::thread::spawn(move || drop(file));
    check(&Launch::new(&path, "/"), Ending::Exited(0), "ran\n");
    closer.join().expect("closes");
}

#[test]
fn a_sink_that_blocks_for_longer_than_output_is_waited_for_loses_nothing() {
    let child = sh("echo first; sleep 0.05; echo last").spawn().expect("it starts");
    let context = Context::until(&Cancel::new());
    let policy = Policy { signal: Signal::TERM, grace: LONG, drain: Duration::from_millis(10) };
    let mut text = String::new();
    child.supervise(&context, &policy, |_, bytes| {
        if text.is_empty() {
            context.sleep(Duration::from_millis(300));
        }
        text.push_str(&String::from_utf8_lossy(bytes));
    });
    assert_eq!(text, "first\nlast\n");
}
