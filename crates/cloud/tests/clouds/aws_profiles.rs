//! Credentials of AWS profiles: roles that are assumed at a Security Token Service of this test, and programs.

use std::collections::HashMap;

use redkite_cloud::Kms;

use crate::fake::{Fake, Request};
use crate::home::{Home, SECRET, form};
use crate::kms::prove;
use crate::services::{answer_as_amazon, key};

/// Who has signed a request.
fn signer(request: &Request) -> &str {
    let header = request.header("authorization");
    header.split_once("Credential=").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default())
}

/// Roles are called after their keys; one is denied.
fn amazon(request: &Request) -> (u16, String) {
    const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
    let keys =
        |id: &str| format!(r#"{{"AccessKeyId":"{id}","SecretAccessKey":"{SECRET}","Token":"{id}-token"}}"#);
    match request.path.as_str() {
        "/latest/api/token" => (200, "session".into()),
        ROLES => (200, "instance".into()),
        "/container" => (200, keys("CONTAINER")),
        path if path.starts_with(ROLES) => (200, keys("INSTANCE")),
        "/" if request.header("x-amz-target").is_empty() => sts(request),
        "/" => answer_as_amazon(request, &key(1)),
        other => panic!("asked for {other}"),
    }
}

fn sts(request: &Request) -> (u16, String) {
    let role = form(request)["RoleArn"].clone();
    if role == "denied" {
        let text = "<R><Error><Code>AccessDenied</Code><Message>not you</Message></Error></R>";
        return (403, text.into());
    }
    let (id, token) = (role.to_uppercase(), format!("{role}-token"));
    (
        200,
        format!(
            "<R><C><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
             <SessionToken>{token}</SessionToken></C></R>"
        ),
    )
}

fn forms_of(fake: &Fake) -> Vec<(String, HashMap<String, String>)> {
    let asked = fake.asked();
    let asked = asked.iter().filter(|request| request.body.starts_with("Action="));
    asked.map(|request| (signer(request).to_owned(), form(request))).collect()
}

#[test]
fn a_key_signs_and_verifies_for_a_role_that_a_role_may_assume() {
    let fake = Fake::start(amazon);
    let home = Home::new(&fake);
    home.write(
        ".aws/config",
        "[profile p]\nrole_arn = outer\nsource_profile = q\nexternal_id = x y\nrole_session_name = me\n\
         duration_seconds = 1800\n[profile q]\nrole_arn = inner\nsource_profile = r\n",
    );
    home.write(
        ".aws/credentials",
        &format!("[r]\naws_access_key_id = ROOT\naws_secret_access_key = {SECRET}\n"),
    );
    prove(home.open(Kms::Aws, "alias/k").unwrap());
    let asked = forms_of(&fake);
    let pairs = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<HashMap<_, _>>()
    };
    let (action, version) = (("Action", "AssumeRole"), ("Version", "2011-06-15"));
    let inner = [
        action,
        version,
        ("RoleArn", "inner"),
        ("RoleSessionName", "buildkite-agent"),
        ("DurationSeconds", "900"),
    ];
    let outer = [
        action,
        version,
        ("RoleArn", "outer"),
        ("RoleSessionName", "me"),
        ("ExternalId", "x y"),
        ("DurationSeconds", "1800"),
    ];
    assert_eq!(asked, [("ROOT".to_owned(), pairs(&inner)), ("INNER".to_owned(), pairs(&outer))]);
    let requests = fake.asked();
    let second = requests.iter().filter(|request| request.body.contains("RoleArn=outer"));
    assert!(second.clone().all(|request| request.header("x-amz-security-token") == "inner-token"));
    assert!(second.clone().all(|request| request.header("authorization").contains("/eu-west-1/sts/")));
    let of_kms: Vec<_> =
        requests.iter().filter(|request| !request.header("x-amz-target").is_empty()).collect();
    assert_eq!(of_kms.len(), 2);
    for request in of_kms {
        assert_eq!((signer(request), request.header("x-amz-security-token")), ("OUTER", "outer-token"));
    }
}

/// What a role is assumed with; seen in who signs for it.
#[test]
fn a_role_is_assumed_with_what_its_profile_names() {
    let fake = Fake::start(amazon);
    let mut home = Home::new(&fake);
    home.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/container", fake.url()));
    for (source, by) in [
        ("credential_source = Ec2InstanceMetadata", "INSTANCE"),
        ("credential_source = EcsContainer", "CONTAINER"),
        ("credential_source = Environment", "the variables are not set"),
        ("", "CONTAINER"),
    ] {
        home.write(".aws/config", &format!("[profile p]\nrole_arn = role\n{source}\n"));
        let before = fake.asked().len();
        let opened = home.open(Kms::Aws, "alias/k");
        let asked = fake.asked();
        let asked = asked[before..].iter().find(|request| request.body.contains("Action=AssumeRole&"));
        match asked {
            Some(request) => assert_eq!(signer(request), by, "{source}"),
            None => {
                let expected = "AWS profile \"p\": credential_source is Environment, but AWS_ACCESS_KEY_ID and \
                                AWS_SECRET_ACCESS_KEY are not set";
                assert_eq!(opened.unwrap_err(), expected);
                assert_eq!(by, "the variables are not set");
            }
        }
    }
}

#[test]
fn a_profiles_web_identity_is_traded_for_its_role() {
    let fake = Fake::start(amazon);
    let home = Home::new(&fake);
    let token = home.write("token", "jwt\n");
    home.write(
        ".aws/config",
        &format!(
            "[profile p]\nrole_arn = outer\nsource_profile = w\n\
             [profile w]\nrole_arn = web\nweb_identity_token_file = {token}\nrole_session_name = me\n"
        ),
    );
    prove(home.open(Kms::Aws, "alias/k").unwrap());
    let asked = forms_of(&fake);
    let [(first, web), (second, _)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((first.as_str(), second.as_str()), ("", "WEB"));
    assert_eq!((web["WebIdentityToken"].as_str(), web["RoleSessionName"].as_str()), ("jwt", "me"));
    std::fs::remove_file(&token).unwrap();
    let error = home.open(Kms::Aws, "alias/k").unwrap_err();
    assert!(error.starts_with("AWS profile \"w\": reading the token in HOME/token: "), "{error}");
}

#[test]
fn what_is_refused_is_told_with_role_and_profile() {
    let fake = Fake::start(amazon);
    let home = Home::new(&fake);
    let keys = format!("[k]\naws_access_key_id = ROOT\naws_secret_access_key = {SECRET}\n");
    home.write(".aws/credentials", &keys);
    home.write(".aws/config", "[profile p]\nrole_arn = denied\nsource_profile = k\n");
    let expected = format!(
        "AWS profile \"p\": assuming role \"denied\": AWS STS at {}/ answered 403: AccessDenied: not you",
        fake.url()
    );
    assert_eq!(home.open(Kms::Aws, "alias/k").unwrap_err(), expected);
    home.write(".aws/config", "[profile q]\n");
    let expected = "there is no AWS profile \"p\" (AWS_PROFILE)";
    assert_eq!(home.open(Kms::Aws, "alias/k").unwrap_err(), expected);
}

#[cfg(unix)]
#[test]
fn a_program_gives_credentials_by_the_shells_rules() {
    let fake = Fake::start(amazon);
    let mut home = Home::new(&fake);
    home.set("ID", "PROGRAM");
    let program = home.write(
        "with blank/give",
        "printf '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"%s\",\"SessionToken\":\"%s\"}' \"$@\"\n",
    );
    let check = |line: &str, expected: Result<(&str, &str), &str>| {
        home.write(".aws/config", &format!("[profile p]\ncredential_process = {line}\n"));
        let before = fake.asked().len();
        let opened = home.open(Kms::Aws, "alias/k").map(drop);
        let asked = fake.asked();
        let asked =
            asked.get(before).map(|request| (signer(request), request.header("x-amz-security-token")));
        match expected {
            Ok(expected) => assert_eq!((opened, asked), (Ok(()), Some(expected)), "{line}"),
            Err(expected) => assert_eq!((opened, asked), (Err(expected.to_owned()), None), "{line}"),
        }
    };
    check(&format!("sh \"{program}\" \"$ID\" {SECRET} 'a  b'"), Ok(("PROGRAM", "a  b")));
    check(
        &format!("sh \"{program}\" ID \"\""),
        Err("AWS profile \"p\": its credential_process failed: it printed no SecretAccessKey"),
    );
    check(
        &format!("echo {SECRET}; echo why >&2; exit 3"),
        Err("AWS profile \"p\": its credential_process failed: it ended with exit status 3: why"),
    );
}
