//! Cache registries, whose answers are checked more closely than others (spec/agent-api.md §16).

use crate::call::{Answer, Call, required};
use crate::error::Failure;
use crate::path::Path;
use crate::policy;
use crate::wire::{
    CacheCommit, CacheEntry, CacheExpired, CacheMessage, CacheQuery, CacheRegistry, CacheStore, CacheUpload,
};
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;

/// The registry that is meant when none is named: the cluster's default.
pub const DEFAULT_REGISTRY: &str = "~";
/// The message of a 404 that is a miss, not an error.
pub const MISS: &str = "Cache entry not found";

/// `POST …/peek`: is there an entry? A miss is a 404 with [`MISS`] as its message.
#[must_use]
pub fn peek(registry: &str, query: &CacheQuery) -> Call<CacheEntry> {
    let path = Path::of_cache(registry, Some("peek"));
    Call::new(Method::POST, path, policy::CACHE, checked).json(query)
}

/// `GET cache_registries/{slug}`.
#[must_use]
pub fn registry(registry: &str) -> Call<CacheRegistry> {
    Call::new(Method::GET, Path::of_cache(registry, None), policy::CACHE, checked)
}

/// `PUT …/store`.
#[must_use]
pub fn store(registry: &str, store: &CacheStore) -> Call<CacheUpload> {
    let path = Path::of_cache(registry, Some("store"));
    Call::new(Method::PUT, path, policy::CACHE, only_ok).json(store)
}

/// `PUT …/commit`.
#[must_use]
pub fn commit(registry: &str, commit: &CacheCommit) -> Call<CacheMessage> {
    let path = Path::of_cache(registry, Some("commit"));
    Call::new(Method::PUT, path, policy::CACHE, only_ok).json(commit)
}

/// `POST …/retrieve`; a miss as with [`peek`].
#[must_use]
pub fn retrieve(registry: &str, query: &CacheQuery) -> Call<CacheEntry> {
    let path = Path::of_cache(registry, Some("retrieve"));
    Call::new(Method::POST, path, policy::CACHE, checked).json(query)
}

/// `POST …/expire`.
#[must_use]
pub fn expire(registry: &str, query: &CacheQuery) -> Call<CacheExpired> {
    let path = Path::of_cache(registry, Some("expire"));
    Call::new(Method::POST, path, policy::CACHE, checked).json(query)
}

fn only_ok<T: DeserializeOwned + Default>(answer: &Answer) -> Result<T, Failure> {
    if answer.status == StatusCode::OK {
        return checked(answer);
    }
    Err(Failure::Refused { status: answer.status, reason: format!("unexpected status: {}", answer.status) })
}

fn checked<T: DeserializeOwned + Default>(answer: &Answer) -> Result<T, Failure> {
    if answer.whole()?.is_empty() {
        return Ok(T::default());
    }
    let header = answer.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = header.unwrap_or_default();
    if !is_json(content_type) {
        let reason = format!("unexpected content type: {content_type}");
        return Err(Failure::Refused { status: answer.status, reason });
    }
    required(answer)
}

/// `application/json` or `application/*+json`, with any parameters.
fn is_json(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media == "application/json" || (media.starts_with("application/") && media.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_media_types_are_read() {
        for (content_type, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/problem+json", true),
            ("text/html", false),
            ("", false),
        ] {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }
}
