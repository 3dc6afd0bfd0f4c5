//! Whole pools against a plane of a few lines: what breaks in one agent is ended in order, the others go on.
#![cfg(unix)]

use super::{Exit, start};
use crate::settings::{PingMode, Settings, test_settings};
use crate::survive::{Place, inject};
use redkite_api::Endpoint;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Offers each agent its job, and sends them home when as many jobs as it has are finished.
#[derive(Default)]
struct Plane {
    /// By agent, in the order of their registration.
    jobs: Vec<Value>,
    offered: Vec<bool>,
    log: String,
    finishes: Vec<(String, Value)>,
    disconnected: usize,
    registered: usize,
}

#[derive(Default)]
struct Watched {
    plane: Mutex<Plane>,
    /// A piece of a log came.
    logged: Condvar,
}

type Shared = Arc<Watched>;

/// What came of a pool.
struct Outcome {
    exit: Exit,
    plane: Shared,
}

/// Runs a pool whose agents are called after `name`; agent n gets job `name`-job-n with the n-th script.
fn run(name: &'static str, scripts: &[&str], change: impl FnOnce(&mut Settings)) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v3", listener.local_addr().unwrap());
    let job = |(number, script): (usize, &&str)| {
        json!({
            "id": format!("{name}-job-{}", number + 1), "env": { "SCRIPT": script }, "step": {},
            "chunks_max_size_bytes": 10_000, "chunks_interval_seconds": 1,
        })
    };
    let jobs: Vec<_> = scripts.iter().enumerate().map(job).collect();
    let offered = vec![false; jobs.len()];
    let plane = Plane { jobs, offered, ..Plane::default() };
    let plane = Arc::new(Watched { plane: Mutex::new(plane), logged: Condvar::new() });
    let served = plane.clone();
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let plane = served.clone();
            std::thread::spawn(move || serve(&connection, &plane, name));
        }
    });
    let mut settings = test_settings();
    settings.api.endpoint = Endpoint::from(endpoint.as_str());
    settings.identity.spawn = NonZeroU32::new(u32::try_from(scripts.len()).unwrap()).unwrap();
    settings.ping_mode = PingMode::PollOnly;
    settings.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
    settings.job.bootstrap = ["/bin/sh", "-c", "eval \"$SCRIPT\""].map(Into::into).to_vec();
    settings.job.build_path = std::env::temp_dir().display().to_string().into();
    change(&mut settings);
    Outcome { exit: start(settings), plane }
}

fn serve(connection: &TcpStream, plane: &Shared, name: &str) {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
        let (mut length, mut header) = (0, String::new());
        while reader.read_line(&mut header).is_ok_and(|length| length > 2) {
            let lower = header.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if let Some(value) = lower.strip_prefix("authorization:") {
                line.push_str(value.trim());
            }
            header.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = plane.answer(&line, &body, name);
        let text = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        let mut writer = connection;
        writer.write_all(text.as_bytes()).unwrap();
        line.clear();
    }
}

impl Watched {
    fn answer(&self, line: &str, body: &[u8], name: &str) -> String {
        let plane = self.lock();
        // The state of a job is asked for while it runs: told when it has said something.
        let asks_for_state = line.starts_with("GET") && line.contains("/jobs/");
        let mut plane = match asks_for_state {
            true => self.logged.wait_while(plane, |plane| plane.log.is_empty()).unwrap(),
            false => plane,
        };
        let answer = plane.on(line, body, name).to_string();
        self.logged.notify_all();
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Plane> {
        self.plane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plane {
    fn on(&mut self, line: &str, body: &[u8], name: &str) -> Value {
        let path = line.split([' ', '?']).nth(1).unwrap_or_default();
        let words: Vec<_> = path.split('/').filter(|word| !word.is_empty()).skip(1).collect();
        match words.as_slice() {
            ["register"] => {
                self.registered += 1;
                let number = self.registered;
                json!({ "id": format!("a{number}"), "name": format!("{name}-{number}"), "ping_interval": 1,
                        "access_token": format!("agent-{number}"), "heartbeat_interval": 60, "job_status_interval": 1 })
            }
            ["disconnect"] => {
                self.disconnected += 1;
                json!({})
            }
            ["ping"] => self.ping(line),
            ["jobs", id, "accept"] => {
                self.jobs.iter().find(|job| job["id"] == *id).cloned().unwrap_or_default()
            }
            ["jobs", _, "chunks"] => {
                flate2::read::GzDecoder::new(body).read_to_string(&mut self.log).unwrap();
                json!({})
            }
            ["jobs", id, "finish"] => {
                self.finishes.push(((*id).to_owned(), serde_json::from_slice(body).unwrap()));
                json!({})
            }
            _ => json!({ "state": "running" }),
        }
    }

    fn ping(&mut self, line: &str) -> Value {
        let number: usize = line.trim().rsplit_once("agent-").unwrap().1.parse().unwrap();
        if !std::mem::replace(&mut self.offered[number - 1], true) {
            return json!({ "job": { "id": self.jobs[number - 1]["id"] } });
        }
        json!({ "action": if self.finishes.len() == self.jobs.len() { "disconnect" } else { "idle" } })
    }
}

impl Outcome {
    /// Holds the end of each job (`status reason`), in their order, and that every agent said goodbye.
    fn check(&self, ends: &[&str], in_log: &str) {
        let plane = self.plane.lock();
        let mut finishes = plane.finishes.clone();
        finishes.sort_by(|(a, _), (b, _)| a.cmp(b));
        let words: Vec<_> = finishes
            .iter()
            .map(|(_, finish)| {
                let text = |name: &str| finish[name].as_str().unwrap_or_default().to_owned();
                format!("{} {}", text("exit_status"), text("signal_reason")).trim().to_owned()
            })
            .collect();
        assert_eq!(words, ends, "{finishes:?}");
        assert!(plane.log.contains(in_log), "{in_log} is not in {}", plane.log);
        assert_eq!(plane.disconnected, plane.jobs.len(), "every agent says goodbye");
    }

    fn has_failed(&self) {
        assert!(matches!(&self.exit, Exit::Failed(text) if text.contains("injected")), "{:?}", self.exit);
    }
}

#[test]
fn a_job_whose_preparation_breaks_ends_with_its_agent_only() {
    inject(Place::Prepare, "prepare-job-1");
    let outcome = run("prepare", &["true", "echo fine; sleep 2; exit 3"], |_| {});
    outcome.check(&["-1 process_run_error", "3"], "could not run this job");
    outcome.check(&["-1 process_run_error", "3"], "fine");
    outcome.has_failed();
}

#[test]
fn the_process_of_a_runner_that_breaks_is_ended_and_its_log_saved() {
    inject(Place::Running, "running-job-1");
    let outcome = run("running", &["echo before; exec sleep 600", "exit 0"], |_| {});
    outcome.check(&["-1 process_run_error", "0"], "internal error: injected into running-job-1");
    outcome.check(&["-1 process_run_error", "0"], "before");
    outcome.has_failed();
}

#[test]
fn a_finish_that_breaks_is_still_told() {
    inject(Place::Finish, "finish-job-1");
    let outcome = run("finish", &["exit 0", "exit 0"], |_| {});
    outcome.check(&["-1 process_run_error", "0"], "injected");
    outcome.has_failed();
}

#[test]
fn a_job_runs_to_its_end_though_its_worker_breaks() {
    inject(Place::Dispatch, "dispatch-1");
    let uptime = |settings: &mut Settings| settings.lifetime.after_uptime = Some(Duration::from_secs(2));
    let outcome = run("dispatch", &["sleep 4; echo whole; exit 5", "sleep 3; exit 6"], uptime);
    outcome.check(&["5", "6"], "whole");
    outcome.has_failed();
}

#[test]
fn a_pre_bootstrap_hook_that_breaks_refuses_the_job() {
    inject(Place::PreBootstrap, "pre-job-1");
    let hooks = tempfile::tempdir().unwrap();
    std::fs::write(hooks.path().join("pre-bootstrap"), "#!/bin/sh\n").unwrap();
    let folder = hooks.path().to_owned();
    let shell = |settings: &mut Settings| {
        settings.job.hooks_path = folder;
        settings.job.hooks_shell = "/bin/sh".into();
    };
    run("pre", &["exit 0", "exit 0"], shell).check(&["-1 agent_refused", "0"], "hook rejected this job");
}

#[test]
fn a_job_without_a_place_for_its_log_says_so() {
    let nowhere = |settings: &mut Settings| settings.job.log.tmpfile = Some("/nonexistent/folder".into());
    let outcome = run("nowhere", &["exit 0"], nowhere);
    outcome.check(&["-1 process_run_error"], "creating a file for the job's log in /nonexistent/folder");
    assert!(matches!(outcome.exit, Exit::Normal), "{:?}", outcome.exit);
}
