//! Files of Google's credentials, each kind: their token services are servers of this test, and keys are opened with
//! the tokens that come out.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use redkite_cloud::Kms;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::EncodePrivateKey as _;
use serde_json::{Value, json};

use crate::fake::{Fake, Request};
use crate::home::{Home, SECRET, form};
use crate::kms::prove;
use crate::services::{VERSION, answer_as_google, key};

const IMPERSONATION: &str = "/v1/projects/-/serviceAccounts/sa@p.example:generateAccessToken";

/// The token services and the key service, which lets in who comes with the token that `expected` names.
fn google(request: &Request, expected: &str) -> (u16, String) {
    let granted = |token: &str| (200, json!({ "access_token": token, "expires_in": 3600 }).to_string());
    match request.path.as_str() {
        "/refused" => (400, json!({ "error": "invalid_grant", "error_description": "gone" }).to_string()),
        "/empty" => (200, json!({ "id_token": SECRET }).to_string()),
        "/token" => granted("user"),
        "/workforce" => {
            let client = STANDARD.encode(format!("id:{SECRET}"));
            assert_eq!(request.header("authorization"), format!("Basic {client}"));
            granted("workforce")
        }
        IMPERSONATION => match request.header("authorization") {
            "Bearer user" => (200, json!({ "accessToken": "account" }).to_string()),
            _ => {
                (403, json!({ "error": { "status": "PERMISSION_DENIED", "message": "not you" } }).to_string())
            }
        },
        _ if request.header("authorization") == format!("Bearer {expected}") => {
            answer_as_google(request, &key(1), false)
        }
        _ => (401, format!("{} is not {expected}", request.header("authorization"))),
    }
}

fn home(fake: &Fake, file: &Value) -> Home {
    let mut home = Home::new(fake);
    let path = home.write("google.json", &file.to_string());
    home.set("GOOGLE_APPLICATION_CREDENTIALS", &path);
    home
}

fn user(fake: &Fake, path: &str) -> Value {
    json!({
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": SECRET,
        "refresh_token": format!("{SECRET}-refresh"),
        "token_uri": format!("{}{path}", fake.url()),
    })
}

/// A file's token opens a key, which signs and verifies.
fn check(expected: &'static str, file: impl FnOnce(&Fake) -> Value) -> Fake {
    let fake = Fake::start(move |request| google(request, expected));
    let home = home(&fake, &file(&fake));
    prove(home.open(Kms::Gcp, VERSION).unwrap());
    fake
}

#[test]
fn users_are_let_in() {
    let fake = check("user", |fake| user(fake, "/token"));
    let asked = form(&fake.asked()[0]);
    assert_eq!((asked["grant_type"].as_str(), asked["client_id"].as_str()), ("refresh_token", "id"));
    assert_eq!(asked["refresh_token"], format!("{SECRET}-refresh"));
    let fake = check("workforce", |fake| {
        let url = format!("{}/workforce", fake.url());
        let mut file = user(fake, "/");
        file["type"] = "external_account_authorized_user".into();
        file["token_url"] = url.into();
        file
    });
    assert!(!form(&fake.asked()[0]).contains_key("client_secret"));
}

#[test]
fn a_service_account_is_spoken_for_also_by_way_of_delegates() {
    let impersonated = |fake: &Fake| {
        json!({
            "type": "impersonated_service_account",
            "service_account_impersonation_url": format!("{}{IMPERSONATION}", fake.url()),
            "delegates": ["projects/-/serviceAccounts/between"],
            "source_credentials": user(fake, "/token"),
        })
    };
    let fake = check("account", impersonated);
    let asked: Value = serde_json::from_str(&fake.asked()[1].body).unwrap();
    let expected = json!({
        "scope": ["https://www.googleapis.com/auth/cloud-platform"],
        "lifetime": "3600s",
        "delegates": ["projects/-/serviceAccounts/between"],
    });
    assert_eq!(asked, expected);
}

/// Who pays is named in each request: by the variable, or else by the file.
#[test]
fn the_quota_project_is_named() {
    let fake = Fake::start(|request| google(request, "user"));
    let mut file = user(&fake, "/token");
    file["quota_project_id"] = "of-file".into();
    let mut home = home(&fake, &file);
    for expected in ["of-file", "of-variable"] {
        let before = fake.asked().len();
        home.open(Kms::Gcp, VERSION).unwrap();
        assert_eq!(fake.asked()[before + 1].header("x-goog-user-project"), expected);
        home.set("GOOGLE_CLOUD_QUOTA_PROJECT", "of-variable");
    }
}

/// gcloud's own file is found where gcloud has its settings.
#[test]
fn the_well_known_file_is_found() {
    let fake = Fake::start(|request| google(request, "user"));
    let mut home = Home::new(&fake);
    home.write(".config/gcloud/application_default_credentials.json", &user(&fake, "/token").to_string());
    home.open(Kms::Gcp, VERSION).unwrap();
    home.write("other/application_default_credentials.json", "no JSON");
    let folder = home.path("other");
    home.set("CLOUDSDK_CONFIG", folder.to_str().unwrap());
    let expected = "Google credentials in HOME/other/application_default_credentials.json: not JSON";
    assert_eq!(home.open(Kms::Gcp, VERSION).unwrap_err(), expected);
}

/// A key of a service account, and what `text`, signed by it, says.
fn service_account() -> (RsaPrivateKey, Value) {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let der = STANDARD.encode(key.to_pkcs8_der().unwrap().as_bytes());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----\n");
    let file = json!({
        "type": "service_account",
        "client_email": "sa@p.example",
        "private_key": pem,
        "private_key_id": "number",
    });
    (key, file)
}

fn claims(key: &RsaPrivateKey, statement: &str) -> Value {
    let (text, signature) = statement.rsplit_once('.').unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let public = key.to_public_key().to_pkcs1_der().unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_bytes());
    public.verify(text.as_bytes(), &decode(signature)).unwrap();
    let (header, claims) = text.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header, json!({ "alg": "RS256", "typ": "JWT", "kid": "number" }));
    serde_json::from_slice(&decode(claims)).unwrap()
}

/// In Google's universe a service account's statement is traded for a token; in others it is the token.
#[test]
fn a_service_account_signs_what_it_says() {
    let (key, mut file) = service_account();
    let fake = Fake::start(|request| google(request, "user"));
    file["token_uri"] = format!("{}/token", fake.url()).into();
    let mut home = home(&fake, &file);
    home.open(Kms::Gcp, VERSION).unwrap();
    let asked = form(&fake.asked()[0]);
    assert_eq!(asked["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let said = claims(&key, &asked["assertion"]);
    assert_eq!((&said["iss"], &said["aud"]), (&json!("sa@p.example"), &file["token_uri"]));

    file["universe_domain"] = "example.com".into();
    home.write("google.json", &file.to_string());
    let expected = "Google credentials in HOME/google.json: they are for the universe \"example.com\", but \
                    \"googleapis.com\" is asked: set GOOGLE_CLOUD_UNIVERSE_DOMAIN";
    assert_eq!(home.open(Kms::Gcp, VERSION).unwrap_err(), expected);
    home.set("GOOGLE_CLOUD_UNIVERSE_DOMAIN", "example.com");
    // The key service of this test doesn't know the token; what it was shown counts.
    home.open(Kms::Gcp, VERSION).unwrap_err();
    let asked = fake.asked();
    let shown = asked.last().unwrap().header("authorization").strip_prefix("Bearer ").unwrap();
    let said = claims(&key, shown);
    assert_eq!(
        (&said["iss"], &said["sub"], &said["aud"]),
        (&json!("sa@p.example"), &json!("sa@p.example"), &Value::Null)
    );
    assert_eq!(said["scope"], "https://www.googleapis.com/auth/cloud-platform");
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let fake = Fake::start(|request| google(request, "user"));
    let url = fake.url();
    let without = |member: &str| {
        let mut file = user(&fake, "/token");
        file.as_object_mut().unwrap().remove(member);
        file
    };
    let with = |member: &str, value: Value| {
        let mut file = user(&fake, "/token");
        file[member] = value;
        file
    };
    let service_account = json!({ "type": "service_account", "client_email": "e", "private_key": SECRET, "private_key_id": "i" });
    let impersonated = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url": format!("{url}{IMPERSONATION}"),
        "source_credentials": with("refresh_token", Value::Null),
    });
    for (file, expected) in [
        (json!(SECRET), "it is no object".to_owned()),
        (without("type"), "there is no \"type\" in it".to_owned()),
        (without("refresh_token"), "there is no \"refresh_token\" in it".to_owned()),
        (with("client_id", json!([SECRET])), "\"client_id\" in it has the wrong type".to_owned()),
        (
            with("type", json!("gdch_service_account")),
            "type \"gdch_service_account\" can't be used: there are service_account, authorized_user, \
             external_account, external_account_authorized_user and impersonated_service_account"
                .to_owned(),
        ),
        (
            user(&fake, "/refused"),
            format!("Google's token service at {url}/refused answered 400: invalid_grant: gone"),
        ),
        (user(&fake, "/empty"), "Google's token service gave no access token".to_owned()),
        (service_account, "its private_key can't be used".to_owned()),
        (impersonated, "its source_credentials: there is no \"refresh_token\" in it".to_owned()),
    ] {
        let error = home(&fake, &file).open(Kms::Gcp, VERSION).unwrap_err();
        assert_eq!(error, format!("Google credentials in HOME/google.json: {expected}"));
    }
    let mut home = Home::new(&fake);
    home.set("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/g.json");
    let error = home.open(Kms::Gcp, VERSION).unwrap_err();
    assert!(error.starts_with("Google credentials in /nonexistent/g.json: "), "{error}");
}
