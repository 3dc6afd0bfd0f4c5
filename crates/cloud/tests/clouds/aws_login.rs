//! Credentials of a sign-on with the console, renewed at a server of this test.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use p256::SecretKey;
use p256::pkcs8::LineEnding;
use redkite_cloud::Kms;
use serde_json::{Value, json};

use crate::fake::{Fake, Request};
use crate::home::{Home, SECRET};
use crate::kms::prove;
use crate::services::{answer_as_amazon, key};

const CONFIG: &str = "[profile p]\nlogin_session = arn:aws:iam::12:user/me\n";
/// The SHA-256 sum of the session's name.
const FILE: &str = "1026e9af33da5cc198e3a2125fee04b5f8ec06e682c86492d26c52faa3d4adc2.json";

/// One token can be traded for new credentials.
fn amazon(request: &Request) -> (u16, String) {
    if request.path != "/v1/token" {
        return answer_as_amazon(request, &key(1));
    }
    let proof: Vec<_> = request.header("dpop").split('.').collect();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(proof[1]).unwrap()).unwrap();
    assert!(claims["htu"].as_str().unwrap().ends_with("/v1/token"), "{claims}");
    let asked: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((&asked["clientId"], &asked["grantType"]), (&json!("client"), &json!("refresh_token")));
    if asked["refreshToken"] != format!("{SECRET}-again") {
        return (401, json!({ "error": "TOKEN_EXPIRED", "message": "the session is over" }).to_string());
    }
    let keys = json!({ "accessKeyId": "NEW", "secretAccessKey": SECRET, "sessionToken": "new" });
    let answer =
        json!({ "accessToken": keys, "expiresIn": 900, "refreshToken": "next", "tokenType": "aws_sigv4" });
    (200, answer.to_string())
}

fn minutes(minutes: i64) -> String {
    (Timestamp::now() + SignedDuration::from_mins(minutes)).to_string()
}

fn file(expires: &str, refresh: &str) -> Value {
    let key = SecretKey::from_slice(&[7; 32]).unwrap().to_sec1_pem(LineEnding::LF).unwrap();
    let keys = json!({
        "accessKeyId": "OLD", "secretAccessKey": SECRET, "sessionToken": "old", "accountId": "12", "expiresAt": expires,
    });
    json!({
        "accessToken": keys,
        "tokenType": "aws_sigv4",
        "clientId": "client",
        "refreshToken": format!("{SECRET}-{refresh}"),
        "dpopKey": key.as_str(),
    })
}

/// A home with that file, in the usual place.
fn home(fake: &Fake, file: &Value) -> Home {
    let home = Home::new(fake);
    home.write(".aws/config", CONFIG);
    home.write(&format!(".aws/login/cache/{FILE}"), &file.to_string());
    home
}

fn signer(fake: &Fake) -> String {
    let asked = fake.asked();
    let header = asked.last().unwrap().header("authorization");
    header.split(['=', '/']).nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_sign_on_gives_credentials_from_either_place() {
    let fake = Fake::start(amazon);
    prove(home(&fake, &file(&minutes(10), "again")).open(Kms::Aws, "alias/k").unwrap());
    assert_eq!(signer(&fake), "OLD");
    let mut home = Home::new(&fake);
    home.write(".aws/config", CONFIG);
    home.write(&format!("elsewhere/{FILE}"), &file(&minutes(10), "again").to_string());
    let folder = home.path("elsewhere");
    home.set("AWS_LOGIN_CACHE_DIRECTORY", folder.to_str().unwrap());
    home.open(Kms::Aws, "alias/k").unwrap();
    assert!(fake.asked().iter().all(|request| request.path == "/"));
}

#[test]
fn credentials_that_end_are_renewed_and_kept() {
    for end in [-1, 4] {
        let fake = Fake::start(amazon);
        let home = home(&fake, &file(&minutes(end), "again"));
        home.open(Kms::Aws, "alias/k").unwrap();
        assert_eq!(signer(&fake), "NEW");
        let kept = std::fs::read(home.path(&format!(".aws/login/cache/{FILE}"))).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        let token = &kept["accessToken"];
        assert_eq!((&token["accessKeyId"], &token["accountId"]), (&json!("NEW"), &json!("12")));
        assert_eq!((&kept["refreshToken"], &kept["clientId"]), (&json!("next"), &json!("client")));
        let expires: Timestamp = token["expiresAt"].as_str().unwrap().parse().unwrap();
        assert!(expires > Timestamp::now() + SignedDuration::from_mins(13), "{expires}");
    }
    // What still counts is used when there is nothing new.
    let fake = Fake::start(amazon);
    home(&fake, &file(&minutes(4), "other")).open(Kms::Aws, "alias/k").unwrap();
    assert_eq!(signer(&fake), "OLD");
}

#[test]
fn who_has_to_sign_on_is_told_how() {
    let fake = Fake::start(amazon);
    let without = |member: &str| {
        let mut file = file(&minutes(-1), "again");
        file.as_object_mut().unwrap().remove(member);
        file
    };
    let mut bad_key = without("");
    bad_key["dpopKey"] = SECRET.into();
    for (file, start, end) in [
        (file(&minutes(-1), "other"), "has expired at ", "answered 401: TOKEN_EXPIRED: the session is over"),
        (without("refreshToken"), "has expired at ", "there is no refreshToken to renew it with"),
        (bad_key, "has expired at ", "its dpopKey can't be used"),
        (without("accessToken"), "can't be read", ""),
        (json!([SECRET]), "can't be read", ""),
    ] {
        let error = home(&fake, &file).open(Kms::Aws, "alias/k").unwrap_err();
        let start = format!("AWS profile \"p\": the sign-on in HOME/.aws/login/cache/{FILE} {start}");
        assert!(error.starts_with(&start) && error.ends_with(end), "{error}");
        assert!(error.contains(": sign on with `aws login --profile p`"), "{error}");
    }
}
