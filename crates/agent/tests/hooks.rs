//! Hooks of every kind and scope in whole bootstraps, and what the command comes to (docs/spec/job.md §5, §8, §11).
#![cfg(unix)]

mod machine;

use machine::Machine;

const PYTHON: &str = "#!/usr/bin/env python3\n";
const STATUSES: &str =
    "echo \"command=$BUILDKITE_COMMAND_EXIT_STATUS hook=$BUILDKITE_LAST_HOOK_EXIT_STATUS\"";

fn debug(command: &str) -> Machine {
    Machine::new(command).env("BUILDKITE_AGENT_DEBUG", "true")
}

/// A machine on which the agent (in two folders), the repository and a plugin have all of these hooks.
fn with_hooks(names: &[&str]) -> Machine {
    let machine = Machine::new("echo the command");
    let more = machine.root.path().join("more").display().to_string();
    let machine =
        machine.env("BUILDKITE_PLUGINS", r#"["./ven"]"#).env("BUILDKITE_ADDITIONAL_HOOKS_PATHS", &more);
    names.iter().fold(machine, |machine, name| {
        let hook = |scope: &str| format!("echo [{scope} {name}]");
        machine
            .agent_hook(name, &hook("agent"))
            .file(&format!("more/{name}"), &hook("more"))
            .file(&format!("build/agent/org/pipe/.buildkite/hooks/{name}"), &hook("repository"))
            .file(&format!("build/agent/org/pipe/ven/hooks/{name}"), &hook("plugin"))
    })
}

/// What the hooks have printed between brackets.
fn marks(machine: &Machine) -> Vec<String> {
    let output = machine.run().output;
    output.lines().filter_map(|line| Some(line.strip_prefix('[')?.strip_suffix(']')?.to_owned())).collect()
}

#[test]
fn scopes_have_an_order() {
    let around = with_hooks(&["environment", "pre-command", "post-command", "pre-exit"]);
    let expected = [
        "agent environment",
        "more environment",
        "plugin environment", //
        "agent pre-command",
        "more pre-command",
        "repository pre-command",
        "plugin pre-command", //
        "agent post-command",
        "more post-command",
        "repository post-command",
        "plugin post-command", //
        "agent pre-exit",
        "more pre-exit",
        "repository pre-exit",
        "plugin pre-exit",
    ];
    assert_eq!(marks(&around), expected);
}

#[test]
fn the_first_scope_with_a_command_hook_decides() {
    let machine = with_hooks(&["command"]);
    assert_eq!(marks(&machine), ["plugin command"]);
    let machine = machine.env("BUILDKITE_PLUGINS", "");
    assert_eq!(marks(&machine), ["repository command"]);
    std::fs::remove_file(machine.checkout().join(".buildkite/hooks/command")).expect("removed");
    assert_eq!(marks(&machine), ["agent command", "more command"]);
}

#[test]
fn what_programs_see_as_hooks() {
    let show =
        "import os\nprint([os.environ.get('BUILDKITE_HOOK_' + n) for n in ('PHASE', 'PATH', 'SCOPE')])\n";
    let machine = Machine::new("true").agent_hook("pre-command", &format!("{PYTHON}{show}"));
    let path = machine.root.path().join("hooks/pre-command").display().to_string();
    machine.check(0, &[&format!("['pre-command', '{path}', 'agent']")]);
    Machine::new("true")
        .agent_hook("pre-command", "env | grep BUILDKITE_HOOK_ || echo none")
        .check(0, &["none\n"]);
}

#[test]
fn statuses_that_hooks_see() {
    let last = |name: &str, script: &str| {
        Machine::new("exit 3").agent_hook(name, script).agent_hook("pre-exit", STATUSES)
    };
    last("pre-command", "return 4").check(4, &["command= hook=4"]);
    last("pre-command", "kill -9 $$").check(255, &["command= hook=-1", "exited with status -1"]);
    last("pre-command", &format!("{PYTHON}raise SystemExit(4)")).check(4, &["command= hook=\n"]);
    last("post-command", "exit 6").check(6, &["command=3 hook=6"]);
    last("command", "exit 5")
        .check(5, &["command=5 hook=5", "user command error: running \"agent command\""]);
    let killed = format!("{PYTHON}import os\nos.kill(os.getpid(), 9)");
    let told =
        "The command was interrupted by a signal: running \"agent command\" script hook: signal: killed";
    last("command", &killed).check(255, &["command=-1 hook=\n", told]);
}

/// What a pre-exit hook exports comes too late; a long number is cut as the system cuts it.
#[test]
fn who_can_change_the_jobs_status() {
    let set = |name: &str, value: &str| {
        Machine::new("exit 3").agent_hook(name, &format!("export BUILDKITE_COMMAND_EXIT_STATUS={value}"))
    };
    set("pre-exit", "8").check(3, &[]);
    set("post-command", "8").check(8, &[]);
    set("post-command", "-1").check(255, &[]);
    set("post-command", "nonsense").check(0, &[]);
    set("post-command", "99999999999").check(255, &[]);
    set("pre-command", "8").check(3, &[]);
}

#[test]
fn traps_are_the_users_own() {
    let ended = Machine::new("trap 'echo trapped' EXIT; false").run();
    assert_eq!((ended.status.code(), ended.output.as_str()), (Some(1), "trapped\n"));
    Machine::new("echo A=$A")
        .agent_hook("pre-command", "trap 'echo trapped; export A=2' EXIT; export A=1")
        .check(0, &["trapped", "A=1"]);
}

#[test]
fn directories_are_shown_whole() {
    let machine = Machine::new("pwd").env("BUILDKITE_BUILD_CHECKOUT_PATH", "./agent/../agent/org");
    let path = machine.root.path().join("build/agent/org").display().to_string();
    machine.check(0, &[&format!("$ cd {path}\n")]);
}

#[test]
fn shells_that_are_not_there() {
    let hook = |shell: &str| {
        Machine::new("true").agent_hook("pre-command", "true").env("BUILDKITE_HOOKS_SHELL", shell)
    };
    let failed = "Error: running \"agent pre-command\" shell hook: ";
    hook("bash \"").check(1, &["/hooks/pre-command\n", &format!("{failed}the shell for hooks, ")]);
    hook(" ").check(1, &[&format!("{failed}the shell for hooks, \" \", names no program")]);
    hook("/nowhere/sh").check(1, &[&format!("{failed}starting /nowhere/sh: "), "!interpreter"]);
    Machine::new("true")
        .agent_hook("pre-command", "#!/nowhere/bash -e\ntrue")
        .check(1, &["perhaps the script interpreter \"/nowhere/bash -e\" is missing"]);
    let shell =
        |shell: &str| Machine::new("echo hi").env("BUILDKITE_SHELL", shell).agent_hook("pre-exit", STATUSES);
    let missing = "exec: \"no-such\": executable file not found in $PATH\n";
    shell("no-such -c")
        .check(1, &["$ echo hi\n", &format!("Error building command: {missing}"), "command=1"]);
    shell("/nowhere/sh -c").check(1, &["starting /nowhere/sh: ", "command=1"]);
    shell("bash '").check(1, &["expected closing quote '", "command=1"]);
}

/// No shell makes something of what the system can't execute, with a terminal or without.
#[test]
fn programs_that_are_none() {
    for terminal in ["true", "false"] {
        let hook = |name: &str, content: &str| {
            let machine = Machine::new("true").agent_hook(name, content).env("BUILDKITE_PTY", terminal);
            machine.agent_hook("pre-exit", STATUSES)
        };
        let failed =
            |name: &str, kind: &str| format!("Error: running \"agent {name}\" {kind} hook: starting ");
        let binary = "\x7fELF\x02\x01";
        hook("pre-command", binary).check(1, &[&failed("pre-command", "binary"), "command= hook=\n"]);
        hook("command", binary).check(1, &[&failed("command", "binary"), "command=1 hook=\n"]);
        hook("environment", "MZ\x01\x02").check(125, &["\"agent environment\" binary hook: starting "]);
        hook("pre-command", "#!\ntrue").check(1, &[&failed("pre-command", "script")]);
        let shell = Machine::new("true").file("half", binary).env("BUILDKITE_PTY", terminal);
        let program = format!("{} -c", shell.root.path().join("half").display());
        shell.env("BUILDKITE_SHELL", &program).check(1, &["error running \"true\": starting "]);
    }
}

#[test]
fn powershell_hooks_are_powershells() {
    let machine = || Machine::new("true").agent_hook("pre-command.ps1", "Write-Output hi");
    machine().check(1, &["error finding pwsh, needed to run .ps1 scripts"]);
    let path = |machine: &Machine| format!("{}:/usr/bin:/bin", machine.root.path().join("p").display());
    let machine =
        machine().file("p/pwsh", "#!/bin/sh\necho \"pwsh $1\"; grep -c 'ErrorActionPreference' \"$2\"");
    let path = path(&machine);
    machine.env("PATH", &path).check(0, &["pwsh -file\n1\n"]);
}

#[test]
fn a_hook_that_destroys_its_wrapper() {
    let hook = |script: &str| {
        Machine::new("true").agent_hook("pre-command", script).agent_hook("pre-exit", STATUSES)
    };
    let failed = "running \"agent pre-command\" shell hook: failed to get environment: ";
    hook("rm -rf \"$TMPDIR\"/buildkite-agent-hook-wrapper*").check(1, &[failed, "!Warning", "hook=0"]);
    hook("echo garbage > \"$TMPDIR\"/buildkite-agent-hook-wrapper*/hook-before-env").check(1, &[failed]);
}

#[test]
fn an_empty_override_mode_is_the_default() {
    Machine::new("echo $BUILDKITE_GIT_CLEAN_FLAGS")
        .env("BUILDKITE_CHECKOUT_OVERRIDE_MODE", "")
        .agent_hook("environment", "export BUILDKITE_GIT_CLEAN_FLAGS=-q")
        .check(0, &["# BUILDKITE_GIT_CLEAN_FLAGS is now \"-q\"", "-q\n"]);
}

#[test]
fn debug_mode_tells_of_processes() {
    debug("exit 3").check(
        3,
        &[
            "~~~ Job API\nServer listening on ",
            "~~~ Buildkite environment variables\n",
            "BUILDKITE_AGENT_JOB_API_TOKEN=[REDACTED]",
            "# Skipping plugin phase\n",
            "# Local hook pre-command doesn't exist, skipping\n",
            "$ /bin/bash -e -c \"exit 3\"\n",
            " INFO   [Process] Process is running with PID: ",
            "finished with Exit Status: 3, Signal: nil\n",
            "# ↳ Command completed in ",
        ],
    );
    debug("kill -9 $$").check(255, &["finished with Exit Status: -1, Signal: SIGKILL\n"]);
    let plugins = debug("true").env("BUILDKITE_PLUGINS", "[]");
    plugins.check(0, &["# Plugin JSON is []\n", "# Parsed 0 plugins\n"]);
    debug("true")
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "secret-token")
        .check(0, &["BUILDKITE_AGENT_ACCESS_TOKEN=******************\n", "!secret-token"]);
}

/// Stands in for docker: says how it was called, fails where it is told to.
const DOCKER: &str =
    "#!/bin/sh\necho \"called $(basename $0) $*\"; case \"$*\" in *$FAIL*) exit 9;; esac; exit 0\n";

fn docked(variable: &str, value: &str) -> Machine {
    let machine = Machine::new("echo hi").file("p/docker", DOCKER).file("p/docker-compose", DOCKER);
    let path = format!("{}:/usr/bin:/bin", machine.root.path().join("p").display());
    machine.env("PATH", &path).env("FAIL", "nothing").env(variable, value)
}

#[test]
fn legacy_containers() {
    docked("BUILDKITE_DOCKER", "").check(
        0,
        &[
            "called docker build -f Dockerfile -t buildkite_job_image .\n",
            "called docker run --name buildkite_job_container buildkite_job_image echo hi\n",
            "~~~ Cleaning up Docker containers\n",
            "called docker rm -f -v buildkite_job_container\n",
        ],
    );
    let compose =
        || docked("BUILDKITE_DOCKER_COMPOSE_CONTAINER", "app").env("BUILDKITE_DOCKER_COMPOSE_FILE", "");
    compose().check(
        0,
        &[
            "called docker-compose -f docker-compose.yml -p buildkitejob build --pull app\n",
            "called docker-compose -f docker-compose.yml -p buildkitejob run app echo hi\n",
            "-p buildkitejob rm --force --all -v\n",
            "-p buildkitejob down\n",
        ],
    );
    for (failing, status) in [("build", 9), (" run ", 9), (" kill", 0), (" rm ", 0), (" down", 9)] {
        compose().env("FAIL", failing).check(status, &[]);
    }
    docked("BUILDKITE_DOCKER_FILE", "x").check(1, &["failed to find any docker env"]);
}
