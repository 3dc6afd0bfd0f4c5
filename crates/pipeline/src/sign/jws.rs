//! Signatures as text: JWS compact serialisation with a detached payload (spec/pipeline.md §14.3).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::jwk::KeySet;
use super::key::{SigningError, is_signed_by};
use super::pipeline::Signer;

/// The signature of `payload`, without the payload.
pub(super) fn sign(signer: &dyn Signer, payload: &str) -> Result<String, SigningError> {
    let id = signer.id().map(|id| format!(",\"kid\":{}", serde_json::Value::from(id)));
    let header = format!("{{\"alg\":\"{}\"{}}}", signer.algorithm(), id.unwrap_or_default());
    let header = URL_SAFE_NO_PAD.encode(header);
    let signature = signer.sign(&signing_input(&header, payload))?;
    Ok(format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn signing_input(header: &str, payload: &str) -> Vec<u8> {
    format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload)).into_bytes()
}

/// Whether `jws` is the signature of `payload` by the key that it names.
pub(super) fn is_valid(jws: &str, payload: &str, keys: &KeySet) -> bool {
    verified(jws, payload, keys).unwrap_or(false)
}

fn verified(jws: &str, payload: &str, keys: &KeySet) -> Option<bool> {
    #[derive(Deserialize)]
    struct Header {
        kid: Option<String>,
    }
    let [header, "", signature] = jws.split('.').collect::<Vec<_>>()[..] else { return None };
    let decoded = URL_SAFE_NO_PAD.decode(header).ok()?;
    let Header { kid } = serde_json::from_slice(&decoded).ok()?;
    let key = keys.of_signature(kid.as_deref())?;
    let for_signatures = key.usage.as_deref().is_none_or(|usage| usage.is_empty() || usage == "sig");
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    Some(for_signatures && is_signed_by(key, &signing_input(header, payload), &signature))
}
