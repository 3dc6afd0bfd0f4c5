//! SIGKILL at random moments of a build with running logs: the build finishes, its logs are complete, and
//! no job has run twice. Real servers, real agents.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::processes::{AgentProcess, Server, pause, repository, text};
use support::{own_address, random};

/// Kills of each of the four tests while a build was running and its logs were coming: twenty-four together.
const KILLS: u32 = 6;
/// Lines of each job's log.
const LINES: u32 = 400;
/// A kill comes up to so long after news of a log: often in the middle of more.
const DELAY: u32 = 1200;
/// Agents wait up to half a minute between two attempts when a server was away for long.
const PATIENCE: Duration = Duration::from_secs(90);

/// Two jobs that print for about five seconds and talk to the server in between, and one behind them.
const PIPELINE: &str = r#"
steps:
  - label: "talk %n"
    command: |
      echo "$$BUILDKITE_JOB_ID" >> "$$RAN"
      for i in $$(seq 1 200); do echo "line $$i"; sleep 0.01; done
      buildkite-agent meta-data set "job-$$BUILDKITE_PARALLEL_JOB" "$$BUILDKITE_JOB_ID"
      for i in $$(seq 201 400); do echo "line $$i"; sleep 0.01; done
    parallelism: 2
  - wait
  - label: "listen"
    key: listen
    command: |
      echo "$$BUILDKITE_JOB_ID" >> "$$RAN"
      echo "heard $$(buildkite-agent meta-data get job-0) $$(buildkite-agent meta-data get job-1)"
"#;

#[test]
fn killed_servers_lose_nothing_first() {
    crash();
}

#[test]
fn killed_servers_lose_nothing_second() {
    crash();
}

#[test]
fn killed_servers_lose_nothing_third() {
    crash();
}

#[test]
fn killed_servers_lose_nothing_fourth() {
    crash();
}

fn crash() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let home = folder.path();
    let repository = repository(home);
    std::fs::write(home.join("pipeline.yml"), PIPELINE).expect("a file");
    let mut server = Server::start(home, &own_address().to_string());
    let token = String::from_utf8(server.command(&["token", "create"]).stdout).expect("a token");
    let _agents = AgentProcess::start(home, &server.endpoint, token.trim(), 2);
    let (mut kills, mut round) = (0, 0);
    while kills < KILLS {
        let ran = home.join(format!("ran-{round}"));
        let build = create(&server, home, &repository, &ran);
        let moments = kill_while_running(&mut server, &build, KILLS - kills);
        kills += u32::try_from(moments.len()).expect("a small number");
        let view = server.wait_for_end(&build, PATIENCE);
        let context = format!(
            "round {round}, killed after {moments:?}\n{view:#}\nserver:\n{}\nagent:\n{}",
            text(&home.join("server.log")),
            text(&home.join("agent.log"))
        );
        assert!(!moments.is_empty(), "no kill met the build: {context}");
        check(&server, &view, &text(&ran), &context);
        round += 1;
    }
}

/// Kills the server again and again, each time at a random moment after more of the build's logs came.
/// Answers how long after, for those kills that count: behind them the build was still running.
fn kill_while_running(server: &mut Server, build: &str, most: u32) -> Vec<Duration> {
    let mut moments = Vec::new();
    while moments.len() < most as usize && logs_grow(server, build) {
        let moment = Duration::from_millis(u64::from(random() % DELAY));
        wait(moment);
        server.kill_and_restart();
        if server.is_running(build) {
            moments.push(moment);
        }
    }
    moments
}

/// Waits until more of a build's logs came, or the build has ended; answers whether it was the first.
fn logs_grow(server: &Server, build: &str) -> bool {
    let before = server.log_bytes(build);
    let until = Instant::now() + PATIENCE;
    while server.log_bytes(build) == before {
        if !server.is_running(build) {
            return false;
        }
        assert!(Instant::now() < until, "neither the logs nor the build go on");
        pause();
    }
    true
}

fn create(server: &Server, home: &Path, repository: &Path, ran: &Path) -> String {
    let pipeline = home.join("pipeline.yml");
    let path = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let ran = format!("RAN={}", path(ran));
    let (pipeline, repository) = (path(&pipeline), path(repository));
    let args = ["build", "create", "--json", "--pipeline", &pipeline, "--repo", &repository, "--env", &ran];
    server.json(&args)["id"].as_str().expect("an id").to_owned()
}

fn check(server: &Server, view: &Value, ran: &str, context: &str) {
    assert_eq!(view["state"], "passed", "{context}");
    let steps = view["steps"].as_array().expect("steps");
    let jobs: Vec<&Value> = steps
        .iter()
        .filter(|step| step["kind"] == "command")
        .flat_map(|step| step["jobs"].as_array().expect("jobs"))
        .collect();
    assert_eq!(jobs.len(), 3, "no job was repeated: {context}");
    let mut ids: Vec<&str> = jobs.iter().map(|job| job["id"].as_str().expect("an id")).collect();
    let mut started: Vec<&str> = ran.lines().collect();
    ids.sort_unstable();
    started.sort_unstable();
    assert_eq!(started, ids, "every job ran once: {context}");
    for job in &jobs {
        let id = job["id"].as_str().expect("an id");
        let log = server.command(&["build", "log", "--job", id, view["id"].as_str().expect("an id")]);
        let log = String::from_utf8(log.stdout).expect("text");
        if job["parallel"].is_null() {
            assert!(log.contains("heard ") && !log.contains("heard  "), "{log}\n{context}");
        } else {
            let lines: Vec<u32> = log.lines().filter_map(line).collect();
            assert_eq!(
                lines,
                (1..=LINES).collect::<Vec<_>>(),
                "the log is complete and in order: {log}\n{context}"
            );
        }
        assert!(!log.contains("are missing"), "{log}\n{context}");
    }
}

/// The number of a printed line, which may have a time before it.
fn line(text: &str) -> Option<u32> {
    let text = text.rsplit('\u{7}').next().unwrap_or(text).trim();
    text.strip_prefix("line ")?.parse().ok()
}

fn wait(moment: Duration) {
    let until = Instant::now() + moment;
    while Instant::now() < until {
        pause();
    }
}
