//! Credentials of IAM Identity Center, whose portal and token service are servers of this test.

use jiff::{SignedDuration, Timestamp};
use redkite_cloud::Kms;
use serde_json::{Value, json};

use crate::fake::{Fake, Request};
use crate::home::{Home, SECRET};
use crate::kms::prove;
use crate::services::{answer_as_amazon, key};

/// The SHA-1 sums of `work` and `https://portal/start`.
const SESSION_FILE: &str = ".aws/sso/cache/e274eeff768c6396088ec6eb091f4bf4d47ab1e0.json";
const PORTAL_FILE: &str = ".aws/sso/cache/71e96398ef9baeeee01e21316274301d11ccee48.json";

const NEWER: &str = "[profile p]\nsso_session = work\nsso_account_id = 12\nsso_role_name = a b\n\
                     [sso-session work]\nsso_region = us-east-2\nsso_start_url = https://portal/start\n";
const OLDER: &str = "[profile p]\nsso_start_url = https://portal/start\nsso_region = us-east-2\n\
                     sso_account_id = 12\nsso_role_name = a b\n";

/// A time that many minutes from now.
fn minutes(minutes: i64) -> String {
    (Timestamp::now() + SignedDuration::from_mins(minutes)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Tokens are good that are called so.
fn center(request: &Request) -> (u16, String) {
    match request.path.split('?').next().unwrap_or_default() {
        "/federation/credentials" => {
            assert!(request.path.ends_with("?account_id=12&role_name=a+b"), "{}", request.path);
            let is_good = request.header("x-amz-sso_bearer_token").ends_with("-good");
            let keys = json!({ "accessKeyId": "SSO", "secretAccessKey": SECRET, "sessionToken": "t", "expiration": 1 });
            match is_good {
                true => (200, json!({ "roleCredentials": keys }).to_string()),
                false => (401, json!({ "message": "Session token not found or invalid" }).to_string()),
            }
        }
        "/token" => {
            let asked: Value = serde_json::from_str(&request.body).unwrap();
            assert_eq!(
                (&asked["clientId"], &asked["grantType"]),
                (&json!("client"), &json!("refresh_token"))
            );
            match asked["refreshToken"] == format!("{SECRET}-again") {
                true => {
                    let new = format!("{SECRET}-new-good");
                    (
                        200,
                        json!({ "accessToken": new, "expiresIn": 3600, "refreshToken": "next" }).to_string(),
                    )
                }
                false => {
                    (400, json!({ "error": "invalid_grant", "error_description": "used up" }).to_string())
                }
            }
        }
        _ => answer_as_amazon(request, &key(1)),
    }
}

/// A token's file; `more` is laid over it.
fn token(name: &str, expires: &str, more: Value) -> String {
    let mut file = json!({
        "accessToken": format!("{SECRET}-{name}"),
        "expiresAt": expires,
        "region": "us-east-2",
        "clientId": "client",
        "clientSecret": SECRET,
    });
    for (name, value) in more.as_object().unwrap() {
        file[name] = value.clone();
    }
    file.to_string()
}

fn paths(fake: &Fake) -> Vec<String> {
    fake.asked().iter().map(|request| request.path.split('?').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_sign_on_gives_credentials_in_both_forms() {
    for (config, file) in [(NEWER, SESSION_FILE), (OLDER, PORTAL_FILE)] {
        let fake = Fake::start(center);
        let home = Home::new(&fake);
        home.write(".aws/config", config);
        home.write(file, &token("good", &minutes(60).replace('Z', "UTC"), json!({})));
        prove(home.open(Kms::Aws, "alias/k").unwrap());
        assert_eq!(paths(&fake), ["/federation/credentials", "/", "/"]);
        let signed = &fake.asked()[1];
        assert!(signed.header("authorization").contains("Credential=SSO/"), "{config}");
        assert_eq!(signed.header("x-amz-security-token"), "t");
    }
}

#[test]
fn a_sign_on_that_ends_is_renewed_and_kept() {
    let fake = Fake::start(center);
    let home = Home::new(&fake);
    home.write(".aws/config", NEWER);
    for end in [-1, 4] {
        let again = json!({ "refreshToken": format!("{SECRET}-again"), "startUrl": "kept" });
        home.write(SESSION_FILE, &token("old", &minutes(end), again));
        home.open(Kms::Aws, "alias/k").unwrap();
        let kept: Value = serde_json::from_slice(&std::fs::read(home.path(SESSION_FILE)).unwrap()).unwrap();
        assert_eq!(kept["accessToken"], format!("{SECRET}-new-good"));
        assert_eq!((&kept["refreshToken"], &kept["startUrl"]), (&json!("next"), &json!("kept")));
        let expires: Timestamp = kept["expiresAt"].as_str().unwrap().parse().unwrap();
        assert!(expires > Timestamp::now() + SignedDuration::from_mins(55), "{expires}");
    }
    // What was kept is used as it is.
    let before = fake.asked().len();
    home.open(Kms::Aws, "alias/k").unwrap();
    assert_eq!(paths(&fake)[before..], ["/federation/credentials", "/"]);
}

#[test]
fn who_has_to_sign_on_is_told_how() {
    let advice = "sign on with `aws sso login --profile p`";
    let (past, soon) = (minutes(-1), minutes(4));
    let used_up = json!({ "refreshToken": "other" });
    let unregistered = json!({ "refreshToken": "other", "clientId": "" });
    for (config, file, text, expected) in [
        (NEWER, SESSION_FILE, None, "no sign-on in HOME/SESSION: "),
        (NEWER, SESSION_FILE, Some(SECRET.to_owned()), "the sign-on in HOME/SESSION can't be read"),
        (
            NEWER,
            SESSION_FILE,
            Some(token("old", &past, json!({}))),
            "the sign-on in HOME/SESSION has expired at ",
        ),
        (
            NEWER,
            SESSION_FILE,
            Some(token("old", &past, unregistered)),
            "the sign-on in HOME/SESSION has expired at ",
        ),
        (
            NEWER,
            SESSION_FILE,
            Some(token("old", &past, used_up.clone())),
            "the sign-on in HOME/SESSION has expired at ",
        ),
        (
            OLDER,
            PORTAL_FILE,
            Some(token("old", &past, used_up.clone())),
            "the sign-on in HOME/PORTAL has expired at ",
        ),
        (NEWER, SESSION_FILE, Some(token("bad", &minutes(60), json!({}))), "the sign-on counts no longer"),
    ] {
        let fake = Fake::start(center);
        let home = Home::new(&fake);
        home.write(".aws/config", config);
        if let Some(text) = text {
            home.write(file, &text);
        }
        let error = home.open(Kms::Aws, "alias/k").unwrap_err();
        let start = expected.replace("SESSION", SESSION_FILE).replace("PORTAL", PORTAL_FILE);
        assert!(
            error.starts_with(&format!("AWS profile \"p\": {start}")) && error.contains(advice),
            "{error}"
        );
    }
    // A token that still counts for some minutes is used when it can't be renewed.
    let fake = Fake::start(center);
    let home = Home::new(&fake);
    home.write(".aws/config", NEWER);
    home.write(SESSION_FILE, &token("good", &soon, used_up));
    home.open(Kms::Aws, "alias/k").unwrap();
    assert_eq!(paths(&fake), ["/token", "/federation/credentials", "/"]);
}
