//! JSON as the reference writes it: one value, a newline, and nothing HTML could mistake for a tag.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The bytes of a body.
pub(crate) fn escaped(value: &impl Serialize) -> Vec<u8> {
    let text = serde_json::to_string(value).expect("maps with text keys and plain values always serialise");
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let text = text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    (text + "\n").into_bytes()
}

/// The first value of a body; what follows it is not looked at. `null` counts as an empty value.
pub(crate) fn first_value<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, String> {
    // A list would do as an object whose members have lost their names.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err("a list is no object".to_owned());
    }
    match serde_json::Deserializer::from_slice(body).into_iter::<Option<T>>().next() {
        Some(Ok(value)) => Ok(value.unwrap_or_default()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the body is empty".to_owned()),
    }
}
