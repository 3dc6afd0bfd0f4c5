//! `external_account`: statements of other identity providers, from each kind of source, and what they are traded for.

use redkite_cloud::Kms;
use serde_json::{Value, json};

use crate::fake::{Fake, Request};
use crate::home::{Home, SECRET, form};
use crate::kms::prove;
use crate::services::{VERSION, answer_as_google, key};

const IMPERSONATION: &str = "/v1/projects/-/serviceAccounts/sa@p.example:generateAccessToken";
const AUDIENCE: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/w/providers/p";

/// The token service, IAM, the key service, and sources of statements.
fn google(request: &Request) -> (u16, String) {
    let role =
        format!(r#"{{"Code":"Success","AccessKeyId":"INSTANCE","SecretAccessKey":"{SECRET}","Token":"t"}}"#);
    match request.path.as_str() {
        "/sts" => (200, json!({ "access_token": "federated", "token_type": "Bearer" }).to_string()),
        "/denied" => {
            (400, json!({ "error": "invalid_target", "error_description": "no such pool" }).to_string())
        }
        IMPERSONATION if request.header("authorization") == "Bearer federated" => {
            (200, json!({ "accessToken": "account", "expireTime": "2030-01-01T00:00:00Z" }).to_string())
        }
        "/identity" if request.header("metadata") == "True" => {
            (200, json!({ "access_token": SECRET }).to_string())
        }
        "/session" if request.method == "PUT" => (200, "session".into()),
        "/zone" if request.header("x-aws-ec2-metadata-token") == "session" => (200, "eu-north-1b".into()),
        "/roles" if request.header("x-aws-ec2-metadata-token") == "session" => (200, "role".into()),
        "/roles/role" if request.header("x-aws-ec2-metadata-token") == "session" => (200, role),
        _ => match request.header("authorization") {
            "Bearer federated" | "Bearer account" => answer_as_google(request, &key(1), false),
            other => (401, format!("{other} at {}", request.path)),
        },
    }
}

fn file(fake: &Fake, source: Value) -> Value {
    json!({
        "type": "external_account",
        "audience": AUDIENCE,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{}/sts", fake.url()),
        "credential_source": source,
    })
}

fn home(fake: &Fake, file: &Value) -> Home {
    let mut home = Home::new(fake);
    let path = home.write("google.json", &file.to_string());
    home.set("GOOGLE_APPLICATION_CREDENTIALS", &path);
    home
}

/// The form with which a statement was traded.
fn traded(fake: &Fake) -> std::collections::HashMap<String, String> {
    form(fake.asked().iter().find(|request| request.path == "/sts").unwrap())
}

#[test]
fn a_key_signs_and_verifies_for_a_workload_that_speaks_for_a_service_account() {
    let fake = Fake::start(google);
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, format!("{SECRET}\n")).unwrap();
    let mut file = file(&fake, json!({ "file": token, "url": "http://overlooked/" }));
    file["service_account_impersonation_url"] = format!("{}{IMPERSONATION}", fake.url()).into();
    file["service_account_impersonation"] = json!({ "token_lifetime_seconds": 600 });
    file["quota_project_id"] = "payer".into();
    prove(home(&fake, &file).open(Kms::Gcp, VERSION).unwrap());
    let asked = fake.asked();
    let paths: Vec<_> = asked.iter().map(|request| request.path.clone()).collect();
    let version = format!("/v1/{VERSION}");
    assert_eq!(
        paths,
        ["/sts", IMPERSONATION, &format!("{version}/publicKey"), &format!("{version}:asymmetricSign")]
    );
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", AUDIENCE),
        ("scope", "https://www.googleapis.com/auth/cloud-platform"),
        ("subject_token", SECRET),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
    ];
    assert_eq!(traded(&fake), expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let spoken_for: Value = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!(spoken_for["lifetime"], "600s");
    for request in &asked[2..] {
        assert_eq!(request.header("authorization"), "Bearer account");
        assert_eq!(request.header("x-goog-user-project"), "payer");
    }
}

#[test]
fn a_server_may_have_the_statement() {
    let fake = Fake::start(google);
    let source = json!({
        "url": format!("{}/identity", fake.url()),
        "headers": { "Metadata": "True" },
        "format": { "type": "json", "subject_token_field_name": "access_token" },
    });
    let mut file = file(&fake, source);
    file["workforce_pool_user_project"] = "mine".into();
    let expected = "Google credentials in HOME/google.json: its workforce_pool_user_project is for the audience of a \
                    workforce pool, which it hasn't";
    assert_eq!(home(&fake, &file).open(Kms::Gcp, VERSION).unwrap_err(), expected);
    file["audience"] = "//iam.googleapis.com/locations/global/workforcePools/w/providers/p".into();
    home(&fake, &file).open(Kms::Gcp, VERSION).unwrap();
    let asked = traded(&fake);
    assert_eq!(
        (asked["subject_token"].as_str(), asked["options"].as_str()),
        (SECRET, r#"{"userProject":"mine"}"#)
    );
    // With a client of its own the file says that way whose project it is.
    file["client_id"] = "id".into();
    file["client_secret"] = SECRET.into();
    let fake_2 = Fake::start(google);
    file["token_url"] = format!("{}/sts", fake_2.url()).into();
    home(&fake_2, &file).open(Kms::Gcp, VERSION).unwrap();
    assert!(!traded(&fake_2).contains_key("options"));
    assert!(fake_2.asked()[0].header("authorization").starts_with("Basic "));
}

/// The statement is a question to AWS, signed with the variables' keys or the instance's.
#[test]
fn aws_vouches_for_who_can_sign_for_it() {
    let source = |fake: &Fake| {
        json!({
            "environment_id": "aws1",
            "region_url": format!("{}/zone", fake.url()),
            "url": format!("{}/roles", fake.url()),
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
            "imdsv2_session_token_url": format!("{}/session", fake.url()),
        })
    };
    let keys = [("AWS_ACCESS_KEY_ID", "VARIABLE"), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    for (set, region, by, session) in [
        (&keys[..], "eu-west-1", "VARIABLE", None),
        (&[("AWS_REGION", "")], "eu-north-1", "INSTANCE", Some("t")),
    ] {
        let fake = Fake::start(google);
        let mut home = home(&fake, &file(&fake, source(&fake)));
        set.iter().for_each(|(name, value)| home.set(name, value));
        home.open(Kms::Gcp, VERSION).unwrap();
        let text = traded(&fake)["subject_token"].clone();
        let text = percent_encoding::percent_decode_str(&text).decode_utf8().unwrap().into_owned();
        let asked: Value = serde_json::from_str(&text).unwrap();
        let url = format!("https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15");
        assert_eq!((&asked["url"], &asked["method"]), (&json!(url), &json!("POST")));
        let header = |name: &str| {
            let headers = asked["headers"].as_array().unwrap();
            let found = headers.iter().find(|header| header["key"] == name);
            found.and_then(|header| header["value"].as_str())
        };
        assert_eq!(header("host"), Some(format!("sts.{region}.amazonaws.com").as_str()));
        assert_eq!(header("x-goog-cloud-target-resource"), Some(AUDIENCE));
        assert_eq!(header("x-amz-security-token"), session);
        let signature = header("authorization").unwrap();
        assert!(signature.starts_with(&format!("AWS4-HMAC-SHA256 Credential={by}/")), "{signature}");
        assert!(signature.contains(&format!("/{region}/sts/aws4_request")), "{signature}");
        for signed in ["host", "x-amz-date", "x-goog-cloud-target-resource"] {
            assert!(signature.contains(signed), "{signature} {signed}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_program_may_print_the_statement_when_that_is_allowed() {
    let fake = Fake::start(google);
    let folder = tempfile::tempdir().unwrap();
    let (program, kept) = (folder.path().join("give"), folder.path().join("kept"));
    let kind = "urn:ietf:params:oauth:token-type:id_token";
    let script = format!(
        "echo run >> {}\n\
         printf '{{\"version\":1,\"success\":true,\"token_type\":\"{kind}\",\"id_token\":\"%s\",\
         \"expiration_time\":9999999999}}' \"$*|$GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE|$GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE|\
         $GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE|$GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL|\
         $GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE\"\n",
        folder.path().join("runs").display()
    );
    std::fs::write(&program, script).unwrap();
    let command = format!("/bin/sh {}  --one 'two", program.display());
    let mut file = file(&fake, json!({ "executable": { "command": command, "output_file": kept } }));
    file["service_account_impersonation_url"] = format!("{}{IMPERSONATION}", fake.url()).into();
    let mut home = home(&fake, &file);
    let expected = "Google credentials in HOME/google.json: its credential_source is an executable, which only runs \
                    with GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1";
    assert_eq!(home.open(Kms::Gcp, VERSION).unwrap_err(), expected);
    assert!(!folder.path().join("runs").exists());

    home.set("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1");
    home.open(Kms::Gcp, VERSION).unwrap();
    let expected = format!(
        "--one 'two|{AUDIENCE}|urn:ietf:params:oauth:token-type:jwt|0|sa@p.example|{}",
        kept.display()
    );
    assert_eq!(traded(&fake)["subject_token"], expected);

    // What it has left counts without another run, until it can't be read.
    let left = json!({
        "version": 1, "success": true, "token_type": kind, "id_token": "left", "expiration_time": 9_999_999_999_u64,
    });
    std::fs::write(&kept, left.to_string()).unwrap();
    home.open(Kms::Gcp, VERSION).unwrap();
    let last = fake.asked().into_iter().rfind(|request| request.path == "/sts").unwrap();
    assert_eq!(form(&last)["subject_token"], "left");
    assert_eq!(std::fs::read_to_string(folder.path().join("runs")).unwrap(), "run\n");
    std::fs::write(&kept, SECRET).unwrap();
    let error = home.open(Kms::Gcp, VERSION).unwrap_err();
    assert!(error.ends_with("has no JSON of the documented form"), "{error}");
}

#[test]
fn what_is_wrong_with_a_source_is_told() {
    let fake = Fake::start(google);
    for (source, expected) in [
        (json!({}), "its credential_source has no file, url, executable or environment_id"),
        (json!({ "environment_id": "aws2" }), "its environment_id is \"aws2\", but only aws1 is known"),
        (
            json!({ "certificate": { "use_default_certificate_config": true } }),
            "its credential_source is a client certificate, which this agent can't show",
        ),
        (
            json!({ "environment_id": "aws1", "url": "http://192.0.2.1/" }),
            "its url leads to another host than 169.254.169.254 or fd00:ec2::254",
        ),
        (json!({ "url": [SECRET] }), "\"url\" in it has the wrong type"),
    ] {
        let error = home(&fake, &file(&fake, source)).open(Kms::Gcp, VERSION).unwrap_err();
        assert_eq!(error, format!("Google credentials in HOME/google.json: {expected}"));
    }
    let error =
        home(&fake, &file(&fake, json!({ "file": "/nonexistent/t" }))).open(Kms::Gcp, VERSION).unwrap_err();
    assert!(error.contains(": reading the subject token in /nonexistent/t: "), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, SECRET).unwrap();
    let mut denied = file(&fake, json!({ "file": token }));
    denied["token_url"] = format!("{}/denied", fake.url()).into();
    let expected = format!(
        "Google credentials in HOME/google.json: trading the subject token: Google's token service at {}/denied \
         answered 400: invalid_target: no such pool",
        fake.url()
    );
    assert_eq!(home(&fake, &denied).open(Kms::Gcp, VERSION).unwrap_err(), expected);
}
