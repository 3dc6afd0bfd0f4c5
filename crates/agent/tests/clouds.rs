//! What the program asks of clouds, and what it makes of the answers. Servers of these tests stand in for the clouds;
//! every variable that could lead to a real one is set.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

const IDENTITY: &str = r#"{"accountId":"1","imageId":"ami","architecture":"arm64","availabilityZone":"eu-west-1a",
    "instanceId":"i-1","instanceType":"t","region":"eu-west-1"}"#;

/// Runs the program with nothing but what the test says; all clouds are at `address`.
#[expect(clippy::disallowed_methods, reason = "the program under test is started from outside")]
fn agent(address: &str, folder: &tempfile::TempDir, arguments: &[&str]) -> Output {
    let url = format!("http://{address}");
    let builds = folder.path().join("builds");
    Command::new(env!("CARGO_BIN_EXE_buildkite-agent"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder.path())
        .env("BUILDKITE_BUILD_PATH", builds)
        .env("BUILDKITE_AGENT_ENDPOINT", &url)
        .env("BUILDKITE_AGENT_ACCESS_TOKEN", "token")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)
        .env("AWS_ENDPOINT_URL", &url)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "do-not-show")
        .env("GCE_METADATA_HOST", address)
        .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", &url)
        .env("CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE", &url)
        .output()
        .expect("the program starts")
}

/// The request line and the body of a request.
fn read(stream: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok().filter(|count| *count > 0)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim().to_lowercase();
        match line.strip_prefix("content-length:") {
            Some(text) => length = text.trim().parse().ok()?,
            None if line.is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, String::from_utf8_lossy(&body).into_owned()))
}

/// Answers as an instance's meta-data service and as a plane that refuses; gives the body of the registration.
fn serve(listener: &TcpListener) -> String {
    loop {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        let Some((first, body)) = read(&stream) else { continue };
        let (status, answer) = match first.split(' ').nth(1).unwrap_or_default() {
            "/latest/api/token" => (200, "imds"),
            "/latest/dynamic/instance-identity/document" => (200, IDENTITY),
            "/register" => (401, r#"{"message":"no"}"#),
            _ => (404, ""),
        };
        let length = answer.len();
        write!(
            stream,
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}"
        )
        .expect("the answer is taken");
        if status == 401 {
            return body;
        }
    }
}

#[test]
fn an_agent_registers_with_the_tags_of_its_instance() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || serve(&listener));
    let arguments = ["start", "--token", "t", "--tags", "given", "--tags-from-ec2-meta-data", "--queue", "q"];
    let ended = agent(&address, &folder, &arguments);
    assert_eq!(ended.status.code(), Some(1));
    let body: serde_json::Value = serde_json::from_str(&server.join().unwrap()).unwrap();
    let expected = serde_json::json!([
        "given",
        "aws:account-id=1",
        "aws:ami-id=ami",
        "aws:architecture=arm64",
        "aws:availability-zone=eu-west-1a",
        "aws:instance-id=i-1",
        "aws:instance-type=t",
        "aws:region=eu-west-1",
        "queue=q"
    ]);
    assert_eq!(body["meta_data"], expected);
}

/// A free port at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").to_string()
}

#[test]
fn what_cannot_be_reached_is_named_and_no_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = folder.path().join("pipeline.yml");
    std::fs::write(&pipeline, "steps: [{command: hi}]").unwrap();
    let (address, file) = (nobody(), pipeline.to_str().unwrap());
    let version = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1";
    let upload =
        |flag, key| ["pipeline", "upload", "--debug", "--dry-run=true", flag, key, file].map(str::to_owned);
    let start = ["start", "--debug", "--token", "t", "--fail-on-missing-tags"].map(str::to_owned);
    let tags = ["--tags-from-ec2-meta-data-paths", "mac=mac"].map(str::to_owned);
    let verify = ["--signing-aws-kms-key", "alias/k"].map(str::to_owned);
    for (arguments, expected) in [
        (
            upload("--signing-aws-kms-key", "alias/k").to_vec(),
            "couldn't create AWS KMS signer: AWS KMS at http://",
        ),
        (
            upload("--signing-gcp-kms-key", version).to_vec(),
            "couldn't create GCP KMS signer: the GCP meta-data service",
        ),
        (
            [&start[..], &tags].concat(),
            "failed to fetch EC2 meta-data from paths: the EC2 meta-data service at http://",
        ),
        (
            [&start[..], &verify].concat(),
            "the key \"alias/k\" of AWS KMS can't verify jobs: AWS KMS at http://",
        ),
    ] {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let ended = agent(&address, &folder, &arguments);
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
        assert!(!said.contains("do-not-show") && !said.contains("AWS4-HMAC"), "{said}");
    }
}
