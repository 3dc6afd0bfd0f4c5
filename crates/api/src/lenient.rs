//! How the agent reads JSON (spec/agent-api.md §1.2): `null` is the zero value, a wrong type an error.

use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Reads `null` as the type's default. Use with `default`, so that absence means the same.
pub(crate) fn null_as_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// A map of text whose `null` values are empty text.
pub(crate) fn text_map<'de, D>(from: D) -> Result<BTreeMap<String, String>, D::Error>
where
    D: Deserializer<'de>,
{
    let map = Option::<BTreeMap<String, Option<String>>>::deserialize(from)?.unwrap_or_default();
    Ok(map.into_iter().map(|(name, value)| (name, value.unwrap_or_default())).collect())
}
