//! The token of a sign-on with IAM Identity Center: a file that `aws sso login` leaves, and its renewal.

use std::path::PathBuf;

use jiff::Timestamp;
use ring::digest;
use serde::Deserialize;
use serde_json::json;

use super::cached::{self, Cached, EARLY};
use super::config::{Config, home};
use super::endpoint::Api;
use super::plan::Sso;
use crate::CloudError;
use crate::http::{Ask, Service, Way};

/// A new token.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Renewed {
    access_token: String,
    expires_in: i64,
    refresh_token: Option<String>,
}

/// Advice for somebody who has to sign on.
pub(super) fn sign_on_again(config: &Config<'_>, why: &str) -> String {
    cached::advice(config, "sso login", why)
}

/// The token, renewed if it is about to end and can be.
pub(super) fn find(config: &Config<'_>, sso: &Sso) -> Result<String, CloudError> {
    let advised = |why: &str| CloudError::Credentials(sign_on_again(config, why));
    let path = path(config, sso).ok_or_else(|| advised("there is no home directory with a sign-on"))?;
    let mut cached = Cached::read(path).map_err(|why| advised(&why))?;
    let unusable = || advised(&cached.unusable());
    let token = cached.text("accessToken").ok_or_else(unusable)?.to_owned();
    let expires = cached.text("expiresAt").and_then(cached::time).ok_or_else(unusable)?;
    let now = Timestamp::now();
    // Only the newer form with a session can be renewed.
    if expires.duration_since(now) <= EARLY && sso.session.is_some() {
        match renew(config, sso, &cached) {
            Some(Ok(renewed)) => return Ok(take(renewed, &mut cached, now)),
            Some(Err(error)) if expires <= now => {
                return Err(error.during(sign_on_again(config, &cached.expired(expires))));
            }
            Some(Err(error)) => cached.note(&error),
            None => {}
        }
    }
    if expires <= now { Err(advised(&cached.expired(expires))) } else { Ok(token) }
}

/// `~/.aws/sso/cache/SHA1.json`, by the name of the session or else the address of the portal.
fn path(config: &Config<'_>, sso: &Sso) -> Option<PathBuf> {
    let folder = home(config.variables)?.join(".aws/sso/cache");
    let name = sso.session.as_ref().unwrap_or(&sso.start_url);
    Some(cached::path(&folder, &digest::SHA1_FOR_LEGACY_USE_ONLY, name))
}

/// A new token, if the file has what it takes to ask for one.
fn renew(config: &Config<'_>, sso: &Sso, cached: &Cached) -> Option<Result<Renewed, CloudError>> {
    let refresh = cached.text("refreshToken")?;
    let (id, secret) = (cached.text("clientId")?, cached.text("clientSecret")?);
    let body = json!({
        "clientId": id,
        "clientSecret": secret,
        "grantType": "refresh_token",
        "refreshToken": refresh,
    });
    let service = Service::new("the token service of IAM Identity Center", Way::Open);
    let asked = config.endpoint(Api::SsoOidc, &sso.region).and_then(|endpoint| {
        let url = format!("{endpoint}/token");
        service.ask(|| Ok(Ask::post(&url, "application/json", body.to_string())))
    });
    Some(asked.and_then(|answer| answer.json()))
}

/// Keeps the new token; answers with it.
fn take(renewed: Renewed, cached: &mut Cached, now: Timestamp) -> String {
    cached.set("accessToken", renewed.access_token.as_str().into());
    cached.set("expiresAt", cached::time_in(renewed.expires_in, now).into());
    if let Some(token) = renewed.refresh_token {
        cached.set("refreshToken", token.into());
    }
    cached.keep();
    renewed.access_token
}
