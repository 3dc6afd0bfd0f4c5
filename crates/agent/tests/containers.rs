//! Commands in containers, as old pipelines ask for them (docs/spec/job.md §20). `docker` and `docker-compose` are
//! scripts that note what they were called with.
#![cfg(unix)]

mod machine;

use machine::{Machine, terminate, wait_for};

/// Notes its words and what it sees of the job's containers, and fails where `FAIL` has `WORD=STATUS` for it.
const FAKE: &str = r#"#!/bin/bash
{ printf '%s' "${0##*/}"; for word; do printf ' <%s>' "${word//$'\n'/\\n}"; done
  echo " $(env | grep -E '^(COMPOSE_PROJ_NAME|DOCKER_CONTAINER|DOCKER_IMAGE)=' | sort | tr '\n' ' ')"; } >> "$NOTES"
for word; do case ",$FAIL," in *",$word="*) status=${FAIL#*$word=}; exit "${status%%,*}";; esac; done
[ "$1 $HANG" != "run true" ] || { echo ready; sleep 600; }
"#;

const ID: &str = "0-1";
const CONTAINER: &str = "buildkite_0-1_container";
const IMAGE: &str = "buildkite_0-1_image";

/// A job on a machine with both programs, and these variables.
fn job(variables: &[(&str, &str)]) -> Machine {
    let machine = Machine::new("echo 'a b'").file("p/docker", FAKE).file("p/docker-compose", FAKE);
    let notes = machine.root.path().join("notes");
    let path = format!("{}:/usr/bin:/bin", machine.root.path().join("p").display());
    let machine = machine.env("NOTES", &notes).env("PATH", &path).env("BUILDKITE_JOB_ID", ID);
    let machine = machine.agent_hook("post-command", "echo status=$BUILDKITE_COMMAND_EXIT_STATUS");
    variables.iter().fold(machine, |machine, (name, value)| machine.env(name, value))
}

/// What the programs were called with.
fn notes(machine: &Machine) -> Vec<String> {
    let notes = std::fs::read_to_string(machine.root.path().join("notes")).unwrap_or_default();
    notes.lines().map(|line| line.trim().to_owned()).collect()
}

/// Runs a job; the calls of the programs must be these.
fn check(machine: &Machine, status: i32, words: &[&str], calls: &[String]) {
    machine.check(status, words);
    assert_eq!(notes(machine), calls);
}

const DOCKER: (&str, &str) = ("BUILDKITE_DOCKER", "false");
const COMPOSE: (&str, &str) = ("BUILDKITE_DOCKER_COMPOSE_CONTAINER", "app");

/// Calls of `docker`, with what it sees.
fn docker(calls: &[String]) -> Vec<String> {
    calls
        .iter()
        .map(|call| format!("docker {call} DOCKER_CONTAINER={CONTAINER} DOCKER_IMAGE={IMAGE}"))
        .collect()
}

fn build(file: &str) -> String {
    format!("<build> <-f> <{file}> <-t> <{IMAGE}> <.>")
}

fn run(command: &str) -> String {
    format!("<run> <--name> <{CONTAINER}> <{IMAGE}> <{command}>")
}

fn remove() -> String {
    format!("<rm> <-f> <-v> <{CONTAINER}>")
}

#[test]
fn a_container_from_a_dockerfile() {
    let usual = docker(&[build("Dockerfile"), run("echo 'a b'"), remove()]);
    let headings = [
        "~~~ Running commands\n",
        "BUILDKITE_DOCKER is deprecated",
        "~~~ :docker: Building Docker image buildkite_0-1_image\n$ docker build -f Dockerfile -t buildkite_0-1_image .\n",
        "~~~ :docker: Running command (in Docker container)\n$ docker run --name buildkite_0-1_container buildkite_0-1_image \"echo 'a b'\"\n",
        "~~~ Cleaning up Docker containers\n$ docker rm -f -v buildkite_0-1_container\n",
        "status=0",
    ];
    check(&job(&[DOCKER]), 0, &headings, &usual);
    check(&job(&[("BUILDKITE_DOCKER", "")]), 0, &[], &usual);
    check(&job(&[DOCKER, ("BUILDKITE_DOCKER_FILE", "")]), 0, &[], &usual);
    let file = docker(&[build("a b/D"), run("echo 'a b'"), remove()]);
    check(&job(&[DOCKER, ("BUILDKITE_DOCKER_FILE", "a b/D")]), 0, &[], &file);
    let script = job(&[DOCKER, ("BUILDKITE_COMMAND", "t.sh")]).file("build/agent/org/pipe/t.sh", "true");
    check(&script, 0, &["Running script"], &docker(&[build("Dockerfile"), run("./t.sh"), remove()]));
    let lines = job(&[DOCKER, ("BUILDKITE_COMMAND", "echo a\necho b")]);
    check(&lines, 0, &[], &docker(&[build("Dockerfile"), run(r"echo a\necho b"), remove()]));
    let batch = job(&[DOCKER, ("BUILDKITE_SHELL", "CMD.EXE /S /C")]);
    batch.check(0, &["~~~ Running batch script\n"]);
    let calls = notes(&batch);
    assert!(calls[1].contains("_image> </") && calls[1].contains(".bat> "), "{calls:?}");
}

#[test]
fn what_of_a_container_can_fail() {
    let check = |fail: &str, status: i32, words: &[&str], calls: &[String]| {
        check(&job(&[DOCKER, ("FAIL", fail)]), status, words, &docker(calls));
    };
    let built = build("Dockerfile");
    check("build=17", 17, &["status=17", "user command error: exit status 17"], &[built.clone(), remove()]);
    let all = [built, run("echo 'a b'"), remove()];
    check("run=18", 18, &["status=18", "The command exited with status 18"], &all);
    let teardown = "Error tearing down job executor: exit status 19";
    check("rm=19", 19, &["status=0", teardown], &all);
    check("run=18,rm=19", 19, &["status=18", "user command error: exit status 18", teardown], &all);
    let missing = job(&[DOCKER, ("PATH", "/usr/bin:/bin")]);
    missing.check(1, &["exec: \"docker\": executable file not found in $PATH", "status=1"]);
}

const PROJECT: &str = "buildkite01";

/// Calls of `docker-compose`, with what it sees.
fn compose(options: &str, calls: &[&str]) -> Vec<String> {
    calls.iter().map(|call| format!("docker-compose {options} {call} COMPOSE_PROJ_NAME={PROJECT}")).collect()
}

const OPTIONS: &str = "<-f> <docker-compose.yml> <-p> <buildkite01>";
const CALLS: [&str; 5] =
    ["<build> <--pull> <app>", "<run> <app> <echo 'a b'>", "<kill>", "<rm> <--force> <--all> <-v>", "<down>"];

#[test]
fn a_service_of_a_compose_file() {
    let with = |variables: &[(&str, &str)]| job(&[&[COMPOSE], variables].concat());
    let headings = [
        "BUILDKITE_DOCKER_COMPOSE_CONTAINER is deprecated",
        "~~~ :docker: Building Docker images\n$ docker-compose -f docker-compose.yml -p buildkite01 build --pull app\n",
        "~~~ :docker: Running command (in Docker Compose container)\n",
        "~~~ Cleaning up Docker containers\n$ docker-compose -f docker-compose.yml -p buildkite01 kill\n",
    ];
    check(&with(&[DOCKER]), 0, &headings, &compose(OPTIONS, &CALLS));
    for (files, options) in [
        ("", "<-f> <docker-compose.yml> "),
        ("a.yml", "<-f> <a.yml> "),
        (
            "a.yml:b.yml c.yml\td.yml\n e.yml",
            "<-f> <a.yml> <-f> <b.yml> <-f> <c.yml> <-f> <d.yml> <-f> <e.yml> ",
        ),
        (" ", ""),
    ] {
        let options = format!("{options}<-p> <buildkite01>");
        check(&with(&[("BUILDKITE_DOCKER_COMPOSE_FILE", files)]), 0, &[], &compose(&options, &CALLS));
    }
    let all = ["<build> <--pull>", CALLS[1], CALLS[2], CALLS[3], CALLS[4]];
    let kept = [CALLS[0], CALLS[1], CALLS[2], "<rm> <--force> <--all>", CALLS[4]];
    for (value, truthy) in [
        ("on", true),
        ("1", true),
        ("Enabled", true),
        ("TRUE", true),
        ("yes", false),
        ("t", false),
        ("", false),
    ] {
        let expected = |calls| compose(OPTIONS, if truthy { calls } else { &CALLS });
        check(&with(&[("BUILDKITE_DOCKER_COMPOSE_BUILD_ALL", value)]), 0, &[], &expected(&all));
        check(&with(&[("BUILDKITE_DOCKER_COMPOSE_LEAVE_VOLUMES", value)]), 0, &[], &expected(&kept));
    }
    let verbose = format!("{OPTIONS} <--verbose>");
    check(&with(&[("BUILDKITE_AGENT_DEBUG", "true")]), 0, &[], &compose(&verbose, &CALLS));
    check(&with(&[("BUILDKITE_AGENT_DEBUG", "t")]), 0, &[], &compose(OPTIONS, &CALLS));
}

#[test]
fn what_of_a_service_can_fail() {
    let check = |fail: &str, status: i32, words: &[&str], calls: &[&str]| {
        check(&job(&[COMPOSE, ("FAIL", fail)]), status, words, &compose(OPTIONS, calls));
    };
    check("build=17", 17, &["status=17"], &[&CALLS[..1], &CALLS[2..]].concat());
    check("run=18", 18, &["status=18"], &CALLS);
    check("kill=3,rm=4", 0, &["!Error"], &CALLS);
    check(
        "run=18,kill=3,rm=4,down=20",
        20,
        &["status=18", "tearing down job executor: exit status 20"],
        &CALLS,
    );
    let missing = job(&[COMPOSE, ("PATH", "/usr/bin:/bin")]);
    missing.check(1, &["exec: \"docker-compose\": executable file not found in $PATH", "status=1"]);
}

#[test]
fn variables_that_mean_nothing_alone() {
    for (name, warned) in [
        ("BUILDKITE_DOCKER_COMPOSE_FILE", true),
        ("BUILDKITE_DOCKER_COMPOSE_BUILD_ALL", true),
        ("BUILDKITE_DOCKER_COMPOSE_LEAVE_VOLUMES", true),
        ("BUILDKITE_DOCKER_FILE", false),
    ] {
        let warning = format!("{}{name} is set, but", if warned { "" } else { "!" });
        check(&job(&[(name, "true")]), 1, &["failed to find any docker env", "status=1", &warning], &[]);
    }
}

/// Only the default command is run in them, but teardown is theirs whenever there is something to remove.
#[test]
fn who_may_ask_for_a_container() {
    let hook = |name: &str, script: &str| job(&[]).agent_hook(name, script);
    let usual = docker(&[build("Dockerfile"), run("echo 'a b'"), remove()]);
    check(&hook("pre-command", "export BUILDKITE_DOCKER=1"), 0, &["!a b\n"], &usual);
    let taken_back = hook("pre-command", "unset BUILDKITE_DOCKER");
    check(&taken_back.agent_hook("environment", "export BUILDKITE_DOCKER=1"), 0, &["a b\n"], &[]);
    check(&job(&[DOCKER]).agent_hook("command", "echo hook"), 0, &["hook\n", "!Cleaning up"], &[]);
    check(&hook("environment", "export DOCKER_CONTAINER=mine"), 0, &["!Cleaning up"], &[]);
    let mine = job(&[DOCKER]).agent_hook("command", "true");
    let mine = mine.agent_hook("environment", "export DOCKER_CONTAINER=mine COMPOSE_PROJ_NAME=p");
    let removed = "docker <rm> <-f> <-v> <mine> COMPOSE_PROJ_NAME=p DOCKER_CONTAINER=mine";
    check(&mine, 0, &["~~~ Cleaning up Docker containers\n"], &[removed.to_owned()]);
    let failing = job(&[DOCKER]).agent_hook("pre-exit", "exit 6");
    check(&failing, 6, &["!Cleaning up"], &usual[..2]);
}

#[test]
fn a_cancelled_job_removes_its_container() {
    let machine = job(&[DOCKER, ("HANG", "true")]);
    let mut child = machine.start();
    let rest = wait_for(&mut child, "ready");
    terminate(child, rest).check_words(&[
        "signal: terminated",
        "status=-1",
        "~~~ Cleaning up Docker containers\n",
    ]);
    assert_eq!(notes(&machine), docker(&[build("Dockerfile"), run("echo 'a b'"), remove()]));
}
