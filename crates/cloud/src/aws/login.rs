//! A sign-on with the console (`login_session`): credentials in a file that `aws login` leaves. They last for minutes,
//! and are renewed for hours.

use std::path::PathBuf;

use aws_credential_types::Credentials;
use jiff::Timestamp;
use ring::digest;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cached::{self, Cached, EARLY};
use super::config::{Config, home};
use super::endpoint::Api;
use super::proof;
use crate::http::{Ask, Service, Way};
use crate::{CloudError, filled};

/// New credentials.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    access_token: Value,
    expires_in: i64,
    refresh_token: String,
}

/// The session's credentials, renewed if they are about to end.
pub(super) fn credentials(config: &Config<'_>, session: &str) -> Result<Credentials, CloudError> {
    let advised = |why: &str| CloudError::Credentials(cached::advice(config, "login", why));
    let path = path(config, session).ok_or_else(|| advised("there is no home directory with a sign-on"))?;
    let mut cached = Cached::read(path).map_err(|why| advised(&why))?;
    let unusable = || advised(&cached.unusable());
    let expires =
        cached.member("accessToken").and_then(|token| token["expiresAt"].as_str()).and_then(cached::time);
    let expires = expires.ok_or_else(unusable)?;
    let now = Timestamp::now();
    if expires.duration_since(now) <= EARLY {
        match renew(config, &cached) {
            Ok(renewed) => take(renewed, &mut cached, now),
            Err(error) if expires <= now => {
                return Err(error.during(cached::advice(config, "login", &cached.expired(expires))));
            }
            Err(error) => cached.note(&error),
        }
    }
    cached.member("accessToken").and_then(keys).ok_or_else(|| advised(&cached.unusable()))
}

/// The credentials in an object.
fn keys(token: &Value) -> Option<Credentials> {
    let text = |name: &str| token[name].as_str();
    let session = text("sessionToken")?.to_owned();
    Some(Credentials::from_keys(text("accessKeyId")?, text("secretAccessKey")?, Some(session)))
}

/// `~/.aws/login/cache/SHA256.json`, or in the directory of `AWS_LOGIN_CACHE_DIRECTORY`.
fn path(config: &Config<'_>, session: &str) -> Option<PathBuf> {
    let named = filled(config.variables, "AWS_LOGIN_CACHE_DIRECTORY").map(PathBuf::from);
    let folder = named.or_else(|| Some(home(config.variables)?.join(".aws/login/cache")))?;
    Some(cached::path(&folder, &digest::SHA256, session))
}

/// New credentials, for whoever has the key of the sign-on.
fn renew(config: &Config<'_>, cached: &Cached) -> Result<Renewed, CloudError> {
    let need = |name: &str| {
        cached
            .text(name)
            .ok_or_else(|| CloudError::Credentials(format!("there is no {name} to renew it with")))
    };
    let (client, refresh, key) = (need("clientId")?, need("refreshToken")?, need("dpopKey")?);
    let body = json!({ "clientId": client, "grantType": "refresh_token", "refreshToken": refresh });
    let url = format!("{}/v1/token", config.endpoint(Api::Signin, &config.region()?)?);
    let answer = Service::new("AWS Sign-In", Way::Open).ask(|| {
        let proof = proof::made(key, &url, Timestamp::now())
            .ok_or_else(|| CloudError::Credentials("its dpopKey can't be used".to_owned()))?;
        Ok(Ask::post(&url, "application/json", body.to_string()).header("dpop", proof))
    })?;
    let renewed: Renewed = answer.json()?;
    match keys(&renewed.access_token) {
        Some(_) => Ok(renewed),
        None => Err(answer.lacks("credentials")),
    }
}

/// Keeps the new credentials; what the file says of the account stays.
fn take(renewed: Renewed, cached: &mut Cached, now: Timestamp) {
    let mut token = cached.member("accessToken").cloned().unwrap_or_default();
    for name in ["accessKeyId", "secretAccessKey", "sessionToken"] {
        token[name] = renewed.access_token[name].clone();
    }
    token["expiresAt"] = cached::time_in(renewed.expires_in, now).into();
    cached.set("accessToken", token);
    cached.set("refreshToken", renewed.refresh_token.into());
    cached.keep();
}
