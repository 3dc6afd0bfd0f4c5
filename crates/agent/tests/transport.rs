//! How requests travel: HTTP/2, certificate authorities of one's own, proxies (docs/spec/agent-api.md §2.3).
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]

mod plane;
mod web;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use plane::Plane;
use tempfile::TempDir;
use web::{Authority, Clients, Fault, Proxy, bridge};

const AGENT: &str = env!("CARGO_BIN_EXE_buildkite-agent");

/// The program with nothing but these variables.
fn agent(root: &TempDir, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let bin = Path::new(AGENT).parent().expect("it is in one").display();
    let mut command = Command::new(AGENT);
    command.args(arguments).env_clear().env("HOME", root.path()).env("TMPDIR", root.path());
    command.env("PATH", format!("/usr/bin:/bin:{bin}")).envs(variables.iter().copied());
    command.stdin(Stdio::null()).output().expect("it starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What `meta-data get` prints, or else its log. It tries once only.
fn get(root: &TempDir, endpoint: &str, variables: &[(&str, &str)]) -> Result<String, String> {
    let arguments = ["meta-data", "get", "key", "--job", "job", "--agent-access-token", "t", "--endpoint"];
    let ended = agent(root, &[&arguments[..], &[endpoint, "--no-color"]].concat(), variables);
    if ended.status.success() { Ok(text(&ended.stdout)) } else { Err(text(&ended.stderr)) }
}

const FOUND: &str = "found";

/// A plane with a job that asks it for something by a command.
fn plane() -> Plane {
    Plane::new("buildkite-agent meta-data get key")
}

/// Runs a real agent for the plane's job.
fn start(root: &TempDir, plane: &Plane, endpoint: &str, options: &[&str], variables: &[(&str, &str)]) {
    let at = |path: &str| root.path().join(path).display().to_string();
    let (builds, sockets) = (at("builds"), at("s"));
    let arguments = [
        ["start", "--token", "token", "--disconnect-after-job", "--ping-mode", "ping-only"].as_slice(),
        &["--endpoint", endpoint, "--build-path", &builds, "--sockets-path", &sockets],
        options,
    ];
    let ended = agent(root, &arguments.concat(), variables);
    assert!(ended.status.success(), "{}", text(&ended.stderr));
    let log = text(&plane.log());
    assert_eq!(plane.exit_status(), "0", "{log}");
    assert!(log.contains(FOUND), "{log}");
}

#[test]
fn an_agent_speaks_http_2_where_it_is_offered() {
    for (options, expected) in [(&[][..], "h2"), (&["--no-http2"], "http/1.1")] {
        let root = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(root.path());
        let plane = plane();
        let backends = [("h2", bridge(plane.port())), ("http/1.1", plane.port())];
        let front = authority.front("plane.test", &backends, Clients::All);
        let endpoint = format!("https://localhost:{}/v3", front.port);
        let plane = plane.behind(&endpoint);
        start(&root, &plane, &endpoint, options, &[("SSL_CERT_FILE", &authority.roots())]);
        let protocols = front.protocols.lock().expect("whole").clone();
        assert_eq!(protocols[0], expected);
        let other = if expected == "h2" { "http/1.1" } else { "h2" };
        assert!(!protocols.contains(&other.to_owned()), "{protocols:?}");
    }
}

#[test]
fn a_plane_s_own_authority_is_trusted_once_it_is_named() {
    let root = tempfile::tempdir().expect("a directory");
    let authority = Authority::new(root.path());
    let plane = plane();
    let front = authority.front("plane.test", &[("http/1.1", plane.port())], Clients::All);
    let endpoint = format!("https://localhost:{}/v3", front.port);
    let directory = root.path().to_string_lossy();
    let lists = format!("/none:{directory}");
    for variables in [
        &[("SSL_CERT_FILE", authority.roots().as_str())][..],
        &[("SSL_CERT_DIR", &directory)],
        &[("SSL_CERT_DIR", &lists), ("SSL_CERT_FILE", "/none")],
    ] {
        assert_eq!(get(&root, &endpoint, variables).as_deref(), Ok(FOUND), "{variables:?}");
    }
    for variables in
        [&[][..], &[("SSL_CERT_FILE", "")], &[("SSL_CERT_FILE", "/none"), ("SSL_CERT_DIR", "/none")]]
    {
        let log = get(&root, &endpoint, variables).expect_err("nobody vouches for it");
        assert!(log.contains("certificate") && !log.contains("Retrying"), "{log}");
    }
}

/// Basic authentication of the user `user` with the password `p@ss`.
const AUTHORIZATION: &str = "Basic dXNlcjpwQHNz";

#[test]
fn an_agent_and_its_job_reach_the_plane_through_a_proxy() {
    let root = tempfile::tempdir().expect("a directory");
    let authority = Authority::new(root.path());
    for (scheme, variable, first) in [
        ("https", "HTTPS_PROXY", "CONNECT plane.test:443 HTTP/1.1"),
        ("http", "http_proxy", "POST http://plane.test/v3/register HTTP/1.1"),
    ] {
        let plane = plane();
        let backends = [("h2", bridge(plane.port())), ("http/1.1", plane.port())];
        let front = authority.front("plane.test", &backends, Clients::All);
        let behind = if scheme == "https" { front.port } else { plane.port() };
        let proxy = Proxy::start(behind, Some(AUTHORIZATION));
        let url = format!("http://user:p%40ss@127.0.0.1:{}", proxy.port);
        let endpoint = format!("{scheme}://plane.test/v3");
        let plane = plane.behind(&endpoint);
        start(&root, &plane, &endpoint, &[], &[(variable, &url), ("SSL_CERT_FILE", &authority.roots())]);
        let seen = proxy.seen();
        assert_eq!(seen[0], first);
        // The job's command came the same way.
        let last =
            if scheme == "https" { first } else { "POST http://plane.test/v3/jobs/job/data/get HTTP/1.1" };
        assert!(seen[1..].contains(&last.to_owned()), "{seen:?}");
    }
}

/// 0.0.0.0 leads to this machine, and isn't one of the addresses that no proxy is asked for.
#[test]
fn only_what_no_proxy_does_not_name_is_proxied() {
    let root = tempfile::tempdir().expect("a directory");
    let plane = plane();
    let port = plane.port();
    let with_port = format!("0.0.0.0:{port}");
    for (list, host, proxied) in [
        ("", "0.0.0.0", true),
        ("", "127.0.0.1", false),
        ("", "localhost", false),
        ("0.0.0.0", "0.0.0.0", false),
        (&with_port, "0.0.0.0", false),
        ("0.0.0.0:1", "0.0.0.0", true),
        ("10.0.0.0/8, 0.0.0.0/30", "0.0.0.0", false),
        ("*", "0.0.0.0", false),
    ] {
        let proxy = Proxy::start(port, None);
        let endpoint = format!("http://{host}:{port}/v3");
        let variables = [("HTTP_PROXY", proxy.url()), ("no_proxy", list.to_owned())];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(get(&root, &endpoint, &variables).as_deref(), Ok(FOUND), "{list:?} {host}");
        assert_eq!(!proxy.seen().is_empty(), proxied, "{list:?} {host}");
    }
}

#[test]
fn a_proxy_that_can_not_be_used_is_an_error_without_its_password() {
    let root = tempfile::tempdir().expect("a directory");
    let ended = agent(
        &root,
        &[
            "meta-data",
            "get",
            "key",
            "--job",
            "job",
            "--agent-access-token",
            "t",
            "--endpoint",
            "http://plane.test",
        ],
        &[("HTTP_PROXY", "ftp://user:do-not-show@proxy")],
    );
    let log = text(&ended.stderr);
    assert!(!ended.status.success() && log.contains("/get: the proxy address in HTTP_PROXY"), "{log}");
    assert!(!log.contains("do-not-show") && !log.contains("Retrying"), "{log}");
    let start = ["start", "--token", "t", "--endpoint", "http://plane.test", "--build-path", "builds"];
    let log = text(&agent(&root, &start, &[("HTTP_PROXY", "ftp://user:do-not-show@proxy")]).stderr);
    assert!(log.contains("the proxy address in HTTP_PROXY") && !log.contains("do-not-show"), "{log}");
}

/// The log of an agent that can't register.
fn start_in_vain(root: &TempDir, endpoint: &str, variables: &[(&str, &str)]) -> String {
    let arguments =
        ["start", "--token", "do-not-show", "--build-path", "builds", "--no-color", "--endpoint", endpoint];
    let ended = agent(root, &arguments, variables);
    let log = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{log}");
    assert!(!log.contains("Retrying") && !log.contains("do-not-show"), "{log}");
    log
}

#[test]
fn a_certificate_that_is_not_accepted_ends_the_attempts_and_is_told_in_words() {
    let plane = plane();
    for (fault, words) in [
        (Fault::Expired, "the certificate of localhost expired at 2001-02-03"),
        (Fault::NotYet, "the certificate of localhost is not valid before 3001-02-03"),
        (Fault::OtherHost, "the certificate of localhost is for other hosts: other.test"),
        (Fault::SelfSigned, "the certificate of localhost is signed by itself and not trusted here"),
    ] {
        let root = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(root.path());
        let front = authority.faulty_front("plane.test", &[("http/1.1", plane.port())], Clients::All, fault);
        let endpoint = format!("https://localhost:{}/v3", front.port);
        let roots = authority.roots();
        let variables = [("SSL_CERT_FILE", roots.as_str()), ("SSL_CERT_DIR", "/none")];
        let log = get(&root, &endpoint, &variables).expect_err("it is not accepted");
        assert!(log.contains(words) && !log.contains("Retrying"), "{fault:?}: {log}");
        let log = start_in_vain(&root, &endpoint, &variables);
        assert!(log.contains(&format!("POST {endpoint}/register: {words}")), "{fault:?}: {log}");
    }
}

/// As it is with Go's programs: whoever names a server's own certificate means that server.
#[test]
fn a_server_s_own_certificate_is_trusted_once_it_is_named() {
    for (fault, trusted) in [
        (Fault::SelfSigned, true),
        (Fault::None, true),
        (Fault::SelfSignedExpired, false),
        (Fault::Expired, false),
        (Fault::OtherHost, false),
    ] {
        let root = tempfile::tempdir().expect("a directory");
        let authority = Authority::new(root.path());
        let plane = plane();
        let backends = [("http/1.1", plane.port())];
        let front = authority.faulty_front("plane.test", &backends, Clients::All, fault);
        let endpoint = format!("https://localhost:{}/v3", front.port);
        let own = root.path().join("server.pem").display().to_string();
        let variables = [("SSL_CERT_FILE", own.as_str()), ("SSL_CERT_DIR", "/none")];
        assert_eq!(get(&root, &endpoint, &variables).is_ok(), trusted, "{fault:?}");
        if trusted {
            let plane = plane.behind(&endpoint);
            start(&root, &plane, &endpoint, &[], &variables);
        } else {
            start_in_vain(&root, &endpoint, &variables);
        }
    }
}

#[test]
fn what_is_no_endpoint_is_told_at_once() {
    let root = tempfile::tempdir().expect("a directory");
    for endpoint in
        ["plane.test/v3", "//plane.test/v3", "ftp://plane.test", "unix:///x", "http://", "http://h:x/"]
    {
        let log = get(&root, endpoint, &[]).expect_err("nobody is there");
        assert!(log.contains("http:// or https:// and a host") && !log.contains("Retrying"), "{log}");
        let log = start_in_vain(&root, endpoint, &[]);
        assert!(log.contains("http:// or https:// and a host"), "{log}");
    }
}

#[test]
fn a_proxy_that_wants_other_credentials_is_named_and_not_asked_again() {
    let root = tempfile::tempdir().expect("a directory");
    let plane = plane();
    let proxy = Proxy::start(plane.port(), Some("Basic none"));
    let url = format!("http://user:do-not-show@127.0.0.1:{}", proxy.port);
    let variables = [("HTTPS_PROXY", url.as_str())];
    let words = format!("through the proxy 127.0.0.1:{}: ", proxy.port);
    let log = get(&root, "https://plane.test/v3", &variables).expect_err("it is refused");
    assert!(log.contains(&words) && !log.contains("do-not-show") && !log.contains("Retrying"), "{log}");
    let log = start_in_vain(&root, "https://plane.test/v3", &variables);
    assert!(log.contains(&words), "{log}");
}

/// The password of an address is nobody's business, and no token is given up for it.
#[test]
fn an_endpoint_can_name_a_user_whose_password_is_not_shown() {
    let root = tempfile::tempdir().expect("a directory");
    let plane = plane();
    let endpoint = format!("http://user:do-not-show@127.0.0.1:{}/v3/", plane.port());
    let arguments = ["meta-data", "get", "key", "--job", "job", "--agent-access-token", "t", "--endpoint"];
    let told = ["--debug", "--debug-http", "--trace-http", "--no-color"];
    let ended = agent(&root, &[&arguments[..], &[&endpoint], &told].concat(), &[]);
    let log = text(&ended.stderr);
    assert_eq!(text(&ended.stdout), FOUND, "{log}");
    assert!(log.contains("http://user:***@127.0.0.1:") && log.contains("hostPort=127.0.0.1:"), "{log}");
    assert!(!log.contains("do-not-show"), "{log}");
}
