//! Application default credentials: a file that a variable names, gcloud's own file, the instance's service account.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use super::Metadata;
use crate::http::{Ask, Service, Way};
use crate::{CloudError, Variables, filled};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum File {
    ServiceAccount {
        client_email: String,
        private_key: String,
        private_key_id: String,
        token_uri: Option<String>,
    },
    AuthorizedUser {
        client_id: String,
        client_secret: String,
        refresh_token: String,
        token_uri: Option<String>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

/// A token for all of the cloud platform.
pub(crate) fn token(variables: Variables<'_>) -> Result<String, CloudError> {
    let home = || filled(variables, "HOME").map(|home| PathBuf::from(home).join(".config/gcloud"));
    let windows = || filled(variables, "APPDATA").map(|home| PathBuf::from(home).join("gcloud"));
    let folder = filled(variables, "CLOUDSDK_CONFIG").map(PathBuf::from).or_else(home).or_else(windows);
    let usual = folder.map(|folder| folder.join("application_default_credentials.json"));
    let path = match filled(variables, "GOOGLE_APPLICATION_CREDENTIALS") {
        Some(named) => Some(PathBuf::from(named)),
        None => usual.filter(|path| path.is_file()),
    };
    match path {
        Some(path) => from_file(&path),
        None => {
            let path = format!("instance/service-accounts/default/token?scopes={SCOPE}");
            granted(&Metadata::new(variables).get(&path)?, "the GCP meta-data service")
        }
    }
}

fn granted(text: &str, who: &str) -> Result<String, CloudError> {
    let granted: Result<Granted, _> = serde_json::from_str(text);
    granted
        .map(|granted| granted.access_token)
        .map_err(|_| CloudError::Credentials(format!("{who} gave no access token")))
}

fn from_file(path: &std::path::Path) -> Result<String, CloudError> {
    let wrong =
        |what: String| CloudError::Credentials(format!("Google credentials in {}: {what}", path.display()));
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    // The parser's own message could repeat a part of the file.
    let file: File =
        serde_json::from_slice(&text).map_err(|_| wrong("not a file of credentials".to_owned()))?;
    let (uri, form) = match file {
        File::ServiceAccount { client_email, private_key, private_key_id, token_uri } => {
            let uri = token_uri.unwrap_or_else(|| TOKEN_URI.to_owned());
            let assertion = assertion(&client_email, &private_key, &private_key_id, &uri)
                .ok_or_else(|| wrong("its private key can't be used".to_owned()))?;
            let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned();
            (uri, vec![("grant_type", grant), ("assertion", assertion)])
        }
        File::AuthorizedUser { client_id, client_secret, refresh_token, token_uri } => (
            token_uri.unwrap_or_else(|| TOKEN_URI.to_owned()),
            vec![
                ("grant_type", "refresh_token".to_owned()),
                ("client_id", client_id),
                ("client_secret", client_secret),
                ("refresh_token", refresh_token),
            ],
        ),
        File::Other => {
            return Err(wrong("only service_account and authorized_user are supported".to_owned()));
        }
    };
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let service = Service::new("Google's token service", Way::Open);
    let answer = service.ask(|| Ok(Ask::post(&uri, "application/x-www-form-urlencoded", body.clone())))?;
    granted(&answer.body, "Google's token service")
}

/// The statement, signed by the service account, that is traded for a token.
fn assertion(email: &str, pem: &str, key_id: &str, audience: &str) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": key_id });
    let claims = json!({ "iss": email, "scope": SCOPE, "aud": audience, "iat": now, "exp": now + 3600 });
    let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok()?;
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
