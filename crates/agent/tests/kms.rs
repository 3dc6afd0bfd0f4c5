//! Pipelines that a key of a cloud's key service signs, and an agent that verifies their jobs with it. Servers of this
//! test stand in for the services; every variable that could lead to a real one is set.
#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "the test is the parent of the program under test")]
#![expect(clippy::unwrap_used, reason = "a test whose server or answer is broken can only fail")]

#[path = "../../cloud/tests/clouds/fake.rs"]
#[allow(dead_code, reason = "what was asked is another test's matter")]
mod fake;
mod plane;
#[path = "../../cloud/tests/clouds/services.rs"]
mod services;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use plane::Plane;
use serde_json::Value;
use tempfile::TempDir;

const AWS_KEY: [&str; 2] = ["--signing-aws-kms-key", "alias/pipelines"];
const GCP_KEY: [&str; 2] = ["--signing-gcp-kms-key", services::VERSION];
const AGENT: &str = env!("CARGO_BIN_EXE_buildkite-agent");
const REPOSITORY: &str = "git@github.com:o/r.git";
const COMMAND: &str = "echo it is $((40 + 2))";

/// A cloud with a key, the flag that names it, and how one is let in.
struct Cloud {
    fake: fake::Fake,
    key: [&'static str; 2],
    entry: Entry,
}

#[derive(Clone, Copy)]
enum Entry {
    /// Keys in variables, or the instance's account.
    Plain,
    /// A profile's role, which the keys of another profile may assume.
    AssumedRole,
    /// Another provider's statement in a file.
    ExternalAccount,
}

impl Cloud {
    fn aws(number: u8) -> Self {
        Self { fake: services::aws(number), key: AWS_KEY, entry: Entry::Plain }
    }

    /// The same for whoever has assumed its role.
    fn aws_for_role(number: u8) -> Self {
        let fake = fake::Fake::start(move |request| {
            match request.header("authorization").split('/').next() {
                Some("AWS4-HMAC-SHA256 Credential=ROOT") if request.body.contains("RoleArn=signer") => {
                    let role = "<R><AccessKeyId>SIGNER</AccessKeyId><SecretAccessKey>do-not-show</SecretAccessKey>\
                            <SessionToken>do-not-show</SessionToken></R>";
                    (200, role.into())
                }
                Some("AWS4-HMAC-SHA256 Credential=SIGNER") => {
                    services::answer_as_amazon(request, &services::key(number))
                }
                other => (403, format!("{other:?} may not")),
            }
        });
        Self { fake, key: AWS_KEY, entry: Entry::AssumedRole }
    }

    fn gcp(number: u8) -> Self {
        Self { fake: services::gcp(number, false), key: GCP_KEY, entry: Entry::Plain }
    }

    /// The same for a workload that another provider vouches for.
    fn gcp_for_workload(number: u8) -> Self {
        let fake = fake::Fake::start(move |request| match request.header("authorization") {
            "" if request.path == "/sts" && request.body.contains("subject_token=do-not-show") => {
                (200, r#"{"access_token":"do-not-show-either"}"#.into())
            }
            "Bearer do-not-show-either" => services::answer_as_google(request, &services::key(number), false),
            other => (403, format!("{} may not", other.len())),
        });
        Self { fake, key: GCP_KEY, entry: Entry::ExternalAccount }
    }

    fn run(&self, root: &TempDir, arguments: &[&str]) -> Output {
        let bin = Path::new(AGENT).parent().unwrap().display();
        let url = self.fake.url();
        let mut command = Command::new(AGENT);
        command.args(arguments).env_clear().env("HOME", root.path()).env("TMPDIR", root.path());
        command.env("PATH", format!("/usr/bin:/bin:{bin}")).env("BUILDKITE_REPO", REPOSITORY);
        command.envs([("AWS_ENDPOINT_URL", &url), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &url)]);
        command.env("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", &url);
        command.env("AWS_REGION", "eu-west-1").env("GCE_METADATA_HOST", self.fake.host());
        command.envs(self.credentials(root));
        command.envs([("BUILDKITE_AGENT_ACCESS_TOKEN", "job-token"), ("BUILDKITE_JOB_ID", "job")]);
        let ended = command.stdin(Stdio::null()).output().unwrap();
        assert!(!text(&ended.stderr).contains("do-not-show"));
        ended
    }

    /// The variables that say how one is let in, and the files that they name.
    fn credentials(&self, root: &TempDir) -> Vec<(&'static str, String)> {
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        match self.entry {
            Entry::Plain => vec![
                ("AWS_ACCESS_KEY_ID", "AKID".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "do-not-show".to_owned()),
            ],
            Entry::AssumedRole => {
                write(".aws/config", "[profile ci]\nrole_arn = signer\nsource_profile = base\n");
                let keys = "[base]\naws_access_key_id = ROOT\naws_secret_access_key = do-not-show\n";
                write(".aws/credentials", keys);
                vec![("AWS_PROFILE", "ci".to_owned())]
            }
            Entry::ExternalAccount => {
                let token = write("subject", "do-not-show\n");
                let file = serde_json::json!({
                    "type": "external_account",
                    "audience": "//iam.googleapis.com/p",
                    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                    "token_url": format!("{}/sts", self.fake.url()),
                    "credential_source": { "file": token },
                });
                vec![("GOOGLE_APPLICATION_CREDENTIALS", write("google.json", &file.to_string()))]
            }
        }
    }

    /// What a command prints that ends well.
    fn print(&self, root: &TempDir, arguments: &[&str]) -> String {
        let ended = self.run(root, arguments);
        assert!(ended.status.success(), "{arguments:?}: {}", text(&ended.stderr));
        text(&ended.stdout)
    }

    /// The step as `pipeline upload` signs it.
    fn uploaded(&self, root: &TempDir) -> Value {
        let file = pipeline(root);
        let [flag, key] = self.key;
        let printed =
            self.print(root, &["pipeline", "upload", "--dry-run", flag, key, "--no-interpolation", &file]);
        first_step(&printed)
    }

    /// The step as `tool sign` signs it; the upload that makes JSON of it signs nothing.
    fn signed(&self, root: &TempDir) -> Value {
        let file = pipeline(root);
        let [flag, key] = self.key;
        let yaml = self.print(root, &["tool", "sign", flag, key, "--repo", REPOSITORY, &file]);
        let signed = root.path().join("signed.yml").display().to_string();
        std::fs::write(&signed, yaml).unwrap();
        first_step(&self.print(root, &["pipeline", "upload", "--dry-run", "--no-interpolation", &signed]))
    }

    /// Has an agent with this key run a job of that step; answers status, reason and log.
    fn job(&self, root: &TempDir, step: &Value) -> (String, String, String) {
        let plane = Plane::new(step["command"].as_str().unwrap()).with_variable("BUILDKITE_REPO", REPOSITORY);
        let plane = plane.with_step(step.clone());
        let (builds, sockets) = (root.path().join("builds"), root.path().join("s"));
        let [flag, key] = self.key;
        let arguments = [
            ["start", "--token", "token", "--disconnect-after-job", "--ping-mode", "ping-only"].as_slice(),
            &["--endpoint", plane.url(), "--build-path", builds.to_str().unwrap()],
            &["--sockets-path", sockets.to_str().unwrap(), flag, key],
        ];
        self.print(root, &arguments.concat());
        (plane.exit_status(), plane.finish_of("signal_reason"), text(&plane.log()))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn pipeline(root: &TempDir) -> String {
    let file = root.path().join("pipeline.yml");
    std::fs::write(&file, serde_json::json!({ "steps": [{ "command": COMMAND }] }).to_string()).unwrap();
    file.display().to_string()
}

fn first_step(json: &str) -> Value {
    let pipeline: Value = serde_json::from_str(json).unwrap();
    pipeline["steps"][0].clone()
}

fn check_accepted((status, reason, log): &(String, String, String)) {
    assert_eq!((status.as_str(), reason.as_str()), ("0", ""), "{log}");
    assert!(log.contains("Job signature verified") && log.contains("it is 42"), "{log}");
}

fn check_refused((status, reason, log): &(String, String, String)) {
    assert_eq!((status.as_str(), reason.as_str()), ("-1", "signature_rejected"), "{log}");
    assert!(log.contains("Job signature verification failed") && !log.contains("it is 42"), "{log}");
}

/// What one key signs, an agent with it accepts; what was changed, or signed by another, it refuses.
fn check(cloud: &Cloud, other: &Cloud) {
    let root = tempfile::tempdir().unwrap();
    for step in [cloud.uploaded(&root), cloud.signed(&root)] {
        assert_eq!(step["signature"]["algorithm"], "ES256", "{step}");
        check_accepted(&cloud.job(&root, &step));
        let mut tampered = step.clone();
        tampered["command"] = "echo it is 4$((1 + 1))".into();
        check_refused(&cloud.job(&root, &tampered));
        let mut unsigned = step.clone();
        unsigned.as_object_mut().unwrap().remove("signature");
        check_refused(&cloud.job(&root, &unsigned));
    }
    check_refused(&cloud.job(&root, &other.uploaded(&root)));
}

#[test]
fn keys_of_aws_sign_and_verify() {
    check(&Cloud::aws(1), &Cloud::aws(2));
}

#[test]
fn keys_of_google_sign_and_verify() {
    check(&Cloud::gcp(1), &Cloud::gcp(2));
}

/// An agent that is let in by a role, or by another provider's word, signs and verifies like any other.
#[test]
fn whoever_is_let_in_by_way_of_another_signs_and_verifies() {
    let clouds = [(Cloud::aws_for_role(1), Cloud::aws(2)), (Cloud::gcp_for_workload(1), Cloud::gcp(2))];
    for (cloud, other) in clouds {
        let root = tempfile::tempdir().unwrap();
        for step in [cloud.uploaded(&root), cloud.signed(&root)] {
            check_accepted(&cloud.job(&root, &step));
        }
        check_refused(&cloud.job(&root, &other.uploaded(&root)));
    }
}
