//! The token of a sign-on: a file that `aws sso login` leaves, and its renewal.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use ring::digest;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::config::{Config, home};
use super::endpoint::Api;
use super::plan::Sso;
use crate::CloudError;
use crate::http::{Ask, Service, Way};

/// How long before its end a token is renewed.
const EARLY: SignedDuration = SignedDuration::from_mins(5);

/// The file of a token. Members that mean nothing to us are kept.
struct Cached(Map<String, Value>);

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
    format!("{why}: sign on with `aws sso login --profile {}`", config.profile_name())
}

/// The token, renewed if it is about to end and can be.
pub(super) fn find(config: &Config<'_>, sso: &Sso) -> Result<String, CloudError> {
    let advised = |why: &str| CloudError::Credentials(sign_on_again(config, why));
    let path = path(config, sso).ok_or_else(|| advised("there is no home directory with a sign-on"))?;
    let text = std::fs::read(&path)
        .map_err(|error| advised(&format!("no sign-on in {}: {error}", path.display())))?;
    let unusable = || advised(&format!("the sign-on in {} can't be read", path.display()));
    let mut cached = Cached(serde_json::from_slice(&text).map_err(|_| unusable())?);
    let token = cached.text("accessToken").ok_or_else(unusable)?.to_owned();
    let expires = cached.time("expiresAt").ok_or_else(unusable)?;
    let now = Timestamp::now();
    // Only the newer form with a session can be renewed.
    if expires.duration_since(now) <= EARLY && sso.session.is_some() {
        match renew(config, sso, &cached) {
            Some(Ok(renewed)) => {
                let token = renewed.access_token.clone();
                cached.take(renewed, now);
                keep(&cached, &path);
                return Ok(token);
            }
            Some(Err(error)) if expires <= now => {
                return Err(
                    error.during(sign_on_again(config, &format!("the sign-on has expired at {expires}")))
                );
            }
            Some(Err(error)) => tracing::warn!("Renewing the sign-on in {}: {error}", path.display()),
            None => {}
        }
    }
    match expires <= now {
        true => Err(advised(&format!("the sign-on in {} has expired at {expires}", path.display()))),
        false => Ok(token),
    }
}

/// `~/.aws/sso/cache/SHA1.json`, by the name of the session or else the address of the portal.
fn path(config: &Config<'_>, sso: &Sso) -> Option<PathBuf> {
    let key = sso.session.as_ref().unwrap_or(&sso.start_url);
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let name: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(home(config.variables)?.join(".aws/sso/cache").join(format!("{name}.json")))
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
    let url = match config.endpoint(Api::SsoOidc, &sso.region) {
        Ok(endpoint) => format!("{endpoint}/token"),
        Err(error) => return Some(Err(error)),
    };
    let service = Service::new("the token service of IAM Identity Center", Way::Open);
    let answer = service.ask(|| Ok(Ask::post(&url, "application/json", body.to_string())));
    Some(answer.and_then(|answer| answer.json()))
}

impl Cached {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// Older tools write `UTC` for the `Z` of RFC 3339.
    fn time(&self, name: &str) -> Option<Timestamp> {
        let text = self.text(name)?;
        text.strip_suffix("UTC").map_or_else(|| text.parse(), |start| format!("{start}Z").parse()).ok()
    }

    fn take(&mut self, renewed: Renewed, now: Timestamp) {
        let expires = now.saturating_add(SignedDuration::from_secs(renewed.expires_in)).unwrap_or(now);
        let expires = expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        self.0.insert("accessToken".to_owned(), renewed.access_token.into());
        self.0.insert("expiresAt".to_owned(), expires.into());
        if let Some(token) = renewed.refresh_token {
            self.0.insert("refreshToken".to_owned(), token.into());
        }
    }
}

/// Keeps a renewed token for everybody who shares the file, in one step and for its owner only. Without that the next
/// one renews it again.
fn keep(cached: &Cached, path: &Path) {
    let written = path.parent().map_or(Ok(()), |folder| {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(Value::Object(cached.0.clone()).to_string().as_bytes())?;
        file.persist(path).map(drop).map_err(|error| error.error)
    });
    if let Err(error) = written {
        tracing::warn!("Keeping the renewed sign-on in {}: {error}", path.display());
    }
}
