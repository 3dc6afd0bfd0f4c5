//! Tokens for what a file holds, by OAuth 2.0 (RFC 6749).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::file::{AuthorizedUser, ExternalAccountAuthorizedUser};
use crate::CloudError;
use crate::http::{Ask, Service, Way};

pub(super) const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

const WHO: &str = "Google's token service";
const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// A client that proves itself beside the form.
pub(super) struct Client<'a> {
    pub(super) id: &'a str,
    pub(super) secret: &'a str,
}

/// The token in an answer.
pub(super) fn read(text: &str, who: &str) -> Result<String, CloudError> {
    let granted: Result<Granted, _> = serde_json::from_str(text);
    granted
        .map(|granted| granted.access_token)
        .map_err(|_| CloudError::Credentials(format!("{who} gave no access token")))
}

/// What a service grants for a form.
pub(super) fn ask(
    url: &str,
    form: &[(&str, &str)],
    client: Option<&Client<'_>>,
) -> Result<String, CloudError> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let answer = Service::new(WHO, Way::Open).ask(|| {
        let ask = Ask::post(url, FORM, body.clone());
        Ok(match client {
            Some(Client { id, secret }) => {
                ask.header("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
            }
            None => ask,
        })
    })?;
    read(&answer.body, WHO)
}

/// The token of a user who has signed on once.
pub(super) fn refresh(user: &AuthorizedUser) -> Result<String, CloudError> {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &user.client_id),
        ("client_secret", &user.client_secret),
        ("refresh_token", &user.refresh_token),
    ];
    ask(user.token_uri.as_deref().unwrap_or(TOKEN_URI), &form, None)
}

/// The same at the service for others' identities.
pub(super) fn refresh_as_client(
    user: &ExternalAccountAuthorizedUser,
    universe: &str,
) -> Result<String, CloudError> {
    let usual = || format!("https://sts.{universe}/v1/oauthtoken");
    let url = user.token_url.clone().unwrap_or_else(usual);
    let form = [("grant_type", "refresh_token"), ("refresh_token", user.refresh_token.as_str())];
    ask(&url, &form, Some(&Client { id: &user.client_id, secret: &user.client_secret }))
}
