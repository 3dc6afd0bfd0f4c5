//! A service account's own key: it signs a statement, which is traded for a token or is one.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::credentials::SCOPE;
use super::file::ServiceAccount;
use super::grant;
use crate::CloudError;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// The token that its statement is traded for.
pub(super) fn token(account: &ServiceAccount) -> Result<String, CloudError> {
    let url = account.token_uri.as_deref().unwrap_or(grant::TOKEN_URI);
    let statement = statement(account, Some(url))?;
    grant::ask(url, &[("grant_type", GRANT), ("assertion", &statement)], None)
}

/// A signed statement: for the service at `audience`, or by itself a token.
pub(super) fn statement(account: &ServiceAccount, audience: Option<&str>) -> Result<String, CloudError> {
    signed(account, audience)
        .ok_or_else(|| CloudError::Credentials("its private_key can't be used".to_owned()))
}

fn signed(account: &ServiceAccount, audience: Option<&str>) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": account.private_key_id });
    let email = &account.client_email;
    let mut claims = json!({ "iss": email, "scope": SCOPE, "iat": now, "exp": now + 3600 });
    match audience {
        Some(audience) => claims["aud"] = audience.into(),
        None => claims["sub"] = email.as_str().into(),
    }
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let key = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_bytes()).ok()?;
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok()?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
