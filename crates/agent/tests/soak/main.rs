//! 200 agents of one process against a plane that answers with random errors, delays and hang-ups, for a minute:
//! no job is lost, none runs twice, each log and status arrives whole, memory and descriptors stay where they were.
//!
//! `SOAK_SEED` repeats a run's dice (the order of requests is still the machine's), `SOAK_SECONDS` makes it longer.
#![cfg(target_os = "linux")]
#![expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "small numbers of a test")]
#![expect(clippy::print_stdout, reason = "the seed and the numbers of a run")]

mod agent;
mod dice;
mod http;
mod plane;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep, timeout};

use agent::{Agent, Usage};
use http::Connection;
use plane::{Plane, Weather};

const WORKERS: usize = 200;
/// How long the storm lasts, and which parts of it are compared.
const STORM: u64 = 60;
const WARM: Duration = Duration::from_secs(20);
const WINDOW: Duration = Duration::from_secs(10);
/// How long the process may take for anything else.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the process is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// What the process may hold at the end of the storm more than after its warm-up.
const MORE_KIB: u64 = 3 * 1024;
const MORE_DESCRIPTORS: u64 = 60;
/// Fewer jobs than this would show nothing.
const FEWEST_JOBS: usize = 150;

type Shared = Rc<RefCell<Plane>>;

#[test]
fn no_job_is_lost_and_nothing_grows_while_the_plane_fails_at_random() {
    let seed = given("SOAK_SEED").unwrap_or_else(|| getrandom::u64().expect("the system has chance"));
    let storm = Duration::from_secs(given("SOAK_SECONDS").unwrap_or(STORM));
    println!("SOAK_SEED={seed}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, soak(seed, storm));
}

#[expect(clippy::disallowed_methods, reason = "for whoever repeats a run")]
fn given(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|value| value.parse().ok())
}

async fn soak(seed: u64, storm: Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}/v3", listener.local_addr().expect("an address"));
    let plane = Rc::new(RefCell::new(Plane::new(endpoint.clone(), seed)));
    let mut agent = Agent::start(&endpoint, WORKERS);
    let test = async {
        wait("all to connect", &mut agent, || plane.borrow().connected >= WORKERS).await;
        plane.borrow_mut().weather = Weather::Storm;
        let samples = watch(&agent, storm).await;
        plane.borrow_mut().weather = Weather::Calm;
        wait("the last job", &mut agent, || plane.borrow().unfinished() == 0).await;
        check_jobs(&plane.borrow(), &agent);
        check_growth(&samples, storm);
        agent.terminate();
        let status = timeout(PATIENCE, ended(&mut agent)).await.expect("the agent ends");
        assert!(status.success(), "{status}\n{}", agent.log());
        assert_eq!(plane.borrow().disconnected, WORKERS, "every agent says goodbye");
    };
    tokio::select! {
        () = test => {}
        () = serve(&listener, &plane) => unreachable!("it serves until it is dropped"),
    }
}

async fn serve(listener: &TcpListener, plane: &Shared) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a connection");
                connections.spawn_local(attend(stream, plane.clone()));
            }
            // What one of them found wrong is the test's failure.
            Some(ended) = connections.join_next() => ended.expect("no connection panics"),
        }
    }
}

async fn attend(mut stream: TcpStream, plane: Shared) {
    let mut rest = Vec::new();
    while let Ok(Some(request)) = timeout(http::IDLE, http::read(&mut stream, &mut rest)).await {
        let (answer, fault) = plane.borrow_mut().on(&request);
        if http::answer(&mut stream, answer, fault).await == Connection::Closed {
            return;
        }
    }
}

/// Looks at the process until the storm is over.
async fn watch(agent: &Agent, storm: Duration) -> Vec<(Duration, Usage)> {
    let begin = Instant::now();
    let mut samples = Vec::new();
    while begin.elapsed() < storm {
        sleep(LOOK).await;
        samples.push((begin.elapsed(), agent.usage()));
    }
    samples
}

async fn wait(what: &str, agent: &mut Agent, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        let has_ended = agent.ended();
        assert!(Instant::now() < end && has_ended.is_none(), "{what} ({has_ended:?})\n{}", agent.log());
        sleep(LOOK).await;
    }
}

async fn ended(agent: &mut Agent) -> std::process::ExitStatus {
    loop {
        match agent.ended() {
            Some(status) => return status,
            None => sleep(LOOK).await,
        }
    }
}

fn check_jobs(plane: &Plane, agent: &Agent) {
    println!("{} jobs; requests and what happened to them: {:?}", plane.jobs.len(), plane.faults);
    let wrong: Vec<_> = plane.jobs.iter().filter_map(|(id, job)| job.fault(id)).collect();
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), agent.log());
    let runs = agent.runs();
    let odd: Vec<_> = plane.jobs.keys().filter(|id| runs.get(*id) != Some(&1)).collect();
    assert!(odd.is_empty(), "these ran more or less than once: {odd:?}");
    assert!(plane.jobs.len() >= FEWEST_JOBS, "only {} jobs", plane.jobs.len());
    assert_eq!(agent.leftovers(), 0, "files of jobs that are over");
}

fn check_growth(samples: &[(Duration, Usage)], storm: Duration) {
    let warm = median(samples, WARM);
    let end = median(samples, storm - WINDOW);
    for (at, usage) in samples.iter().step_by(20) {
        println!("{:3} s: {} KiB, {} descriptors", at.as_secs(), usage.memory_kib, usage.descriptors);
    }
    println!("after the warm-up {warm:?}, at the end {end:?}");
    assert!(end.memory_kib <= warm.memory_kib + MORE_KIB, "memory grows: {warm:?}, {end:?}");
    assert!(end.descriptors <= warm.descriptors + MORE_DESCRIPTORS, "descriptors leak: {warm:?}, {end:?}");
}

/// The middle of a window that begins at `from`.
fn median(samples: &[(Duration, Usage)], from: Duration) -> Usage {
    let window = samples.iter().filter(|(at, _)| (from..from + WINDOW).contains(at)).map(|(_, usage)| usage);
    let middle = |of: fn(&Usage) -> u64| {
        let mut values: Vec<_> = window.clone().map(of).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    Usage { memory_kib: middle(|usage| usage.memory_kib), descriptors: middle(|usage| usage.descriptors) }
}
