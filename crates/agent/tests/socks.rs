//! The plane behind a SOCKS proxy, for an agent and for a command (docs/spec/agent-api.md §2.3).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod plane;
mod web;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use plane::Plane;
use tempfile::TempDir;
use web::{Authority, Clients, Manners, Socks};

const AGENT: &str = env!("CARGO_BIN_EXE_buildkite-agent");
const FOUND: &str = "found";

/// The program with nothing but these variables.
fn agent(root: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let bin = Path::new(AGENT).parent().expect("it is in one").display();
    let mut command = Command::new(AGENT);
    command.args(arguments).arg("--no-color").env_clear().env("HOME", root.path()).env("TMPDIR", root.path());
    command.env("PATH", format!("/usr/bin:/bin:{bin}")).envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A command that asks once, and an agent that registers.
fn callers(endpoint: &str) -> [Vec<String>; 2] {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let get = "meta-data get key --job job --agent-access-token t --endpoint";
    let start = "start --token t --build-path builds --ping-mode ping-only --disconnect-after-job --endpoint";
    [get, start].map(|line| [words(line), vec![endpoint.to_owned()]].concat())
}

/// The first line of the log that has one of these words. Whoever writes it is ended then.
fn first_line(root: &TempDir, arguments: &[String], url: &str, words: &[&str]) -> String {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut child = agent(root, &arguments, &[("HTTP_PROXY", url)]).spawn().expect("it starts");
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let mut all = Vec::new();
    let found =
        lines.inspect(|line| all.push(line.clone())).find(|l| words.iter().any(|word| l.contains(word)));
    child.kill().expect("it is ours");
    child.wait().expect("it ends");
    found.unwrap_or_else(|| panic!("none of {words:?} in {all:?}"))
}

#[test]
fn an_agent_and_its_job_reach_the_plane_through_socks() {
    let (user, password) = ("us:er", "p@ss");
    for (scheme, manners, credentials, host, place) in [
        ("http", Manners::Open, "", "plane.test", "plane.test 80"),
        ("http", Manners::Open, "", "plane.test:81", "plane.test 81"),
        ("https", Manners::Open, "", "plane.test", "plane.test 443"),
        ("https", Manners::Guarded(user, password), "us%3Aer:p%40ss@", "plane.test", "plane.test 443"),
        ("http", Manners::Guarded(user, password), "us%3Aer:p%40ss@", "10.1.2.3", "v4 10.1.2.3 80"),
        ("http", Manners::Open, "", "[fd00::1]:81", "v6 fd00::1 81"),
    ] {
        let root = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(root.path());
        let plane = Plane::new("buildkite-agent meta-data get key");
        let name = host.trim_matches(['[', ']']);
        let front = authority.front(name, &[("http/1.1", plane.port())], Clients::All);
        let socks = Socks::start(if scheme == "https" { front.port } else { plane.port() }, manners);
        let kind = if credentials.is_empty() { "socks5h" } else { "socks5" };
        let url = format!("{kind}://{credentials}127.0.0.1:{}", socks.port);
        let endpoint = format!("{scheme}://{host}/v3");
        let plane = plane.behind(&endpoint);
        let [_, start] = callers(&endpoint);
        let start: Vec<&str> = start.iter().map(String::as_str).collect();
        let (sockets, builds) = (root.path().join("s"), root.path().join("builds"));
        let paths = [
            ("BUILDKITE_SOCKETS_PATH", sockets.display().to_string()),
            ("SSL_CERT_FILE", authority.roots()),
            ("HTTP_PROXY", url.clone()),
            ("HTTPS_PROXY", url),
        ];
        std::fs::create_dir_all(builds).expect("made");
        let variables = paths.each_ref().map(|(name, value)| (*name, value.as_str()));
        let ended = agent(&root, &start, &variables).current_dir(root.path()).output().expect("it starts");
        let log = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{endpoint}: {log}");
        assert!(String::from_utf8_lossy(&plane.log()).contains(FOUND), "{endpoint}: {log}");
        let seen = socks.seen();
        assert!(seen.iter().all(|at| at == place) && seen.len() > 2, "{seen:?}");
    }
}

/// A proxy needn't want the credentials that it is shown; an address of version 6 has its name in a certificate.
#[test]
fn a_command_reaches_the_plane_through_socks() {
    let root = tempfile::tempdir().expect("a directory");
    let plane = Plane::new("true");
    let authority = Authority::new(root.path());
    let front = authority.front("fd00::1", &[("http/1.1", plane.port())], Clients::All);
    for (endpoint, backend, place) in [
        ("http://plane.test/v3", plane.port(), "plane.test 80"),
        ("https://[fd00::1]/v3", front.port, "v6 fd00::1 443"),
    ] {
        let socks = Socks::start(backend, Manners::Open);
        let url = format!("socks5://user:pass@127.0.0.1:{}", socks.port);
        let roots = authority.roots();
        let variables =
            [("HTTP_PROXY", url.as_str()), ("HTTPS_PROXY", &url), ("SSL_CERT_FILE", roots.as_str())];
        let [get, _] = callers(endpoint);
        let get: Vec<&str> = get.iter().map(String::as_str).collect();
        let ended = agent(&root, &get, &variables).output().expect("it starts");
        assert_eq!(
            String::from_utf8_lossy(&ended.stdout),
            FOUND,
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        assert_eq!(socks.seen(), [place]);
    }
}

#[test]
fn what_a_socks_proxy_refuses_is_told_without_the_password() {
    let root = tempfile::tempdir().expect("a directory");
    for (manners, credentials, again) in [
        (Manners::Guarded("user", "other"), "user:do-not-show@", false),
        (Manners::Guarded("user", "other"), "", false),
        (Manners::Refusing(2), "", true),
        (Manners::Refusing(5), "", true),
        (Manners::Garbage, "", true),
        (Manners::Leaving, "user:do-not-show@", true),
    ] {
        let socks = Socks::start(1, manners);
        let url = format!("socks5://{credentials}127.0.0.1:{}", socks.port);
        for caller in callers("http://plane.test/v3") {
            let line = first_line(&root, &caller, &url, &["WARN", "fatal"]);
            let proxy = format!("through the proxy 127.0.0.1:{}: ", socks.port);
            assert!(line.contains(&proxy) && !line.contains("do-not-show"), "{line}");
            assert_eq!(line.contains("Retrying"), again, "{line}");
        }
    }
}
