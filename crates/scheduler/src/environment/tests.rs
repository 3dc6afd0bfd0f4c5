//! The environment of jobs, as tables.

use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::definition::Pipeline;
use crate::facts::{Cluster, Organization, Person, PipelineFacts};
use crate::ids::BuildId;
use crate::time::Time;

fn facts() -> Facts {
    Facts {
        organization: Organization { id: "o".to_owned(), slug: "org".to_owned() },
        pipeline: PipelineFacts {
            slug: "pipe".to_owned(),
            name: "Pipe".to_owned(),
            repository: "git@example.com:a/b.git".to_owned(),
            provider: "git".to_owned(),
            ..PipelineFacts::default()
        },
        branch: "main".to_owned(),
        commit: "abc".to_owned(),
        env: [("FROM".to_owned(), "build".to_owned()), ("BUILDKITE_BRANCH".to_owned(), "mine".to_owned())]
            .into(),
        ..Facts::default()
    }
}

/// The environment of the first job of a document.
fn env_of(document: &Value, facts: Facts) -> IndexMap<String, String> {
    let mut next = 0;
    let mut ids = || {
        next += 1;
        Uuid::from_u128(next)
    };
    let pipeline = Pipeline::read(document).expect("a pipeline");
    let id = BuildId::from(Uuid::nil());
    let (build, _) = Build::create(id, facts, pipeline, Time::from_millis(0), &mut ids).expect("a build");
    let agent = AgentInfo {
        id: "agent-id".to_owned(),
        name: "agent-1".to_owned(),
        tags: Tags::parse(["queue=default", "my-tag=x", "queue=other"]),
    };
    let job = build.jobs().next().expect("a job");
    of(&build, job, &agent).expect("a command job")
}

/// `NAME=value`, or `NAME` for one that is absent.
#[track_caller]
fn check(document: &Value, facts: Facts, expected: &[&str]) {
    let env = env_of(document, facts);
    for line in expected {
        match line.split_once('=') {
            Some((name, value)) => assert_eq!(env.get(name).map(String::as_str), Some(value), "{name}"),
            None => assert_eq!(env.get(*line), None, "{line}"),
        }
    }
}

#[test]
fn a_plain_job() {
    check(
        &json!([{ "command": ["a", "b"], "key": "k", "label": "L", "artifact_paths": ["x", "y"] }]),
        facts(),
        &[
            "CI=true",
            "BUILDKITE=true",
            "BUILDKITE_ORGANIZATION_SLUG=org",
            "BUILDKITE_PIPELINE_SLUG=pipe",
            "BUILDKITE_PIPELINE_PROVIDER=git",
            "BUILDKITE_PIPELINE_DEFAULT_BRANCH=",
            "BUILDKITE_REPO=git@example.com:a/b.git",
            "BUILDKITE_REPO_SSH_HOST=example.com",
            "BUILDKITE_BRANCH=main",
            "BUILDKITE_COMMIT=abc",
            "BUILDKITE_COMMIT_RESOLVED=false",
            "BUILDKITE_TAG=",
            "BUILDKITE_MESSAGE=",
            "BUILDKITE_PULL_REQUEST=false",
            "BUILDKITE_PULL_REQUEST_DRAFT",
            "BUILDKITE_MERGE_QUEUE_BASE_BRANCH",
            "BUILDKITE_COMMAND=a\nb",
            "BUILDKITE_LABEL=L",
            "BUILDKITE_STEP_KEY=k",
            "BUILDKITE_ARTIFACT_PATHS=x;y",
            "BUILDKITE_PLUGINS",
            "BUILDKITE_PARALLEL_JOB",
            "BUILDKITE_RETRY_COUNT=0",
            "BUILDKITE_TIMEOUT=false",
            "BUILDKITE_GROUP_ID",
            "BUILDKITE_CLUSTER_ID",
            "BUILDKITE_UNBLOCKER",
            "BUILDKITE_CLEAN_CHECKOUT",
            "BUILDKITE_SKIP_CHECKOUT",
            "BUILDKITE_GIT_CLONE_FLAGS",
            "BUILDKITE_AGENT_NAME=agent-1",
            "BUILDKITE_AGENT_ID=agent-id",
            "BUILDKITE_AGENT_META_DATA_QUEUE=default",
            "BUILDKITE_AGENT_META_DATA_MY_TAG=x",
            "BUILDKITE_PROJECT_SLUG=org/pipe",
            "BUILDKITE_SOURCE=ui",
            "FROM=build",
        ],
    );
}

#[test]
fn later_sources_win() {
    check(
        &json!({
            "env": { "FROM": "document", "TOP": "document", "BUILDKITE_AGENT_TOKEN": "secret" },
            "steps": [{ "command": "x", "env": { "TOP": "step", "BUILDKITE_REPO": "mine" } }]
        }),
        facts(),
        &["FROM=build", "TOP=step", "BUILDKITE_REPO=git@example.com:a/b.git", "BUILDKITE_AGENT_TOKEN"],
    );
}

#[test]
fn parallel_matrix_plugins_and_group() {
    check(
        &json!([{ "group": "G", "key": "g", "steps": [{ "command": "x", "parallelism": 2, "timeout_in_minutes": 5 }] }]),
        facts(),
        &[
            "BUILDKITE_PARALLEL_JOB=0",
            "BUILDKITE_PARALLEL_JOB_COUNT=2",
            "BUILDKITE_TIMEOUT=5",
            "BUILDKITE_GROUP_KEY=g",
            "BUILDKITE_GROUP_LABEL=G",
        ],
    );
    check(
        &json!([{ "command": "run {{matrix}}", "label": "{{matrix}}", "env": { "M": "{{ matrix }}" },
                  "plugins": [{ "docker#v1": { "image": "{{matrix}}" } }, "other#v2"], "matrix": ["a", "b"] }]),
        facts(),
        &[
            "BUILDKITE_COMMAND=run a",
            "BUILDKITE_LABEL=a",
            "M=a",
            r#"BUILDKITE_PLUGINS=[{"docker#v1":{"image":"a"}},"other#v2"]"#,
        ],
    );
}

#[test]
fn checkout_settings() {
    check(
        &json!({
            "checkout": { "submodules": false, "depth": 1, "flags": { "clone": "-q", "clean": "-x" } },
            "steps": [{
                "command": "x",
                "checkout": { "skip": true, "flags": { "clean": "-y" }, "sparse": { "paths": ["a", "b"] } },
                "env": { "BUILDKITE_GIT_CLONE_FLAGS": "-v -v", "BUILDKITE_GIT_SUBMODULES": "true" }
            }]
        }),
        facts(),
        &[
            "BUILDKITE_SKIP_CHECKOUT=true",
            "BUILDKITE_GIT_SUBMODULES=false",
            "BUILDKITE_GIT_CLONE_FLAGS=-v -v --depth=1",
            "BUILDKITE_GIT_FETCH_FLAGS=-v --prune --depth=1",
            "BUILDKITE_GIT_CLEAN_FLAGS=-y",
            "BUILDKITE_GIT_SPARSE_CHECKOUT_PATHS=a,b",
            "BUILDKITE_GIT_LFS_ENABLED",
        ],
    );
}

#[test]
fn people_pull_requests_and_clusters() {
    let person = |name: &str| {
        Some(Person {
            name: name.to_owned(),
            teams: vec!["a".to_owned(), "b".to_owned()],
            ..Person::default()
        })
    };
    let facts = Facts {
        author: person("Author"),
        creator: person("Creator"),
        cluster: Some(Cluster { id: "c".to_owned(), name: "Cluster".to_owned() }),
        pull_request: Some(PullRequest {
            id: "7".to_owned(),
            draft: Some(true),
            labels: vec!["x".to_owned(), "y".to_owned()],
            ..PullRequest::default()
        }),
        checkout: Checkout::Clean,
        ..facts()
    };
    check(
        &json!([{ "command": "x" }]),
        facts.clone(),
        &[
            "BUILDKITE_BUILD_AUTHOR=Author",
            "BUILDKITE_BUILD_CREATOR_TEAMS=a:b",
            "BUILDKITE_CLUSTER_NAME=Cluster",
            "BUILDKITE_PULL_REQUEST=7",
            "BUILDKITE_PULL_REQUEST_DRAFT=true",
            "BUILDKITE_PULL_REQUEST_LABELS=x,y",
            "BUILDKITE_CLEAN_CHECKOUT=true",
        ],
    );
    let set = Facts { env: [("BUILDKITE_PULL_REQUEST".to_owned(), "8".to_owned())].into(), ..facts };
    check(&json!([{ "command": "x" }]), set, &["BUILDKITE_PULL_REQUEST=8"]);
}

#[test]
fn hosts_of_repositories() {
    for (repository, host) in [
        ("git@github.com:a/b.git", Some("github.com")),
        ("ssh://git@host:2222/a", Some("host")),
        ("ssh://host/a", Some("host")),
        ("https://github.com/a/b", None),
        ("/srv/repo", None),
        ("C:/repo", None),
    ] {
        assert_eq!(ssh_host(repository), host, "{repository}");
    }
}

#[test]
fn the_step_as_agents_get_it() {
    let check = |document: Value, expected: Value| {
        let pipeline = Pipeline::read(&document).expect("a pipeline");
        let Kind::Command(command) = &pipeline.steps[0].kind else { panic!("a command") };
        assert_eq!(step_source(command, &pipeline.steps[0].source), expected);
    };
    check(json!([{ "command": "x", "z": 1, "secrets": null }]), json!({ "command": "x", "z": 1 }));
    check(
        json!({ "secrets": ["TOP"], "steps": [{ "command": "x", "checkout": { "ssh_secret": "KEY" } }] }),
        json!({ "command": "x", "checkout": { "ssh_secret": "KEY" },
                "secrets": ["TOP", { "key": "KEY", "environment_variable": "BUILDKITE_GIT_SSH_KEY" }] }),
    );
    check(
        json!({ "secrets": ["TOP"], "steps": [{ "command": "x", "secrets": ["OWN"] }] }),
        json!({ "command": "x", "secrets": ["OWN"] }),
    );
}
