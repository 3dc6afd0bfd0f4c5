//! Members of an object of a file of credentials, by name. What a message repeats of it are names only.

use serde_json::{Map, Value};

use crate::CloudError;

/// An object.
#[derive(Clone, Copy)]
pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// The members of a value, if it is an object.
    pub(super) fn of(value: &'a Value) -> Result<Self, CloudError> {
        value.as_object().map(Self).ok_or_else(|| CloudError::Credentials("it is no object".to_owned()))
    }

    /// A member that is there and not null.
    pub(super) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(self, name: &str) -> Result<Option<String>, CloudError> {
        self.typed(name, |value| value.as_str().map(str::to_owned))
    }

    /// A text that must be there.
    pub(super) fn need(self, name: &str) -> Result<String, CloudError> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    pub(super) fn number(self, name: &str) -> Result<Option<u64>, CloudError> {
        self.typed(name, Value::as_u64)
    }

    pub(super) fn object(self, name: &str) -> Result<Option<Self>, CloudError> {
        self.typed(name, |value| value.as_object().map(Members))
    }

    /// Names and texts of an object; none if it isn't there.
    pub(super) fn texts_by_name(self, name: &str) -> Result<Vec<(String, String)>, CloudError> {
        let Some(Members(object)) = self.object(name)? else { return Ok(Vec::new()) };
        object.keys().map(|key| Ok((key.clone(), Members(object).need(key)?))).collect()
    }

    /// The texts of a list; none if it isn't there.
    pub(super) fn texts(self, name: &str) -> Result<Vec<String>, CloudError> {
        let texts = |value: &'a Value| {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        Ok(self.typed(name, texts)?.unwrap_or_default())
    }

    fn typed<T>(
        self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, CloudError> {
        let wrong = || CloudError::Credentials(format!("{name:?} in it has the wrong type"));
        self.value(name).map(|value| read(value).ok_or_else(wrong)).transpose()
    }
}

/// The error of an object without a member.
pub(super) fn missing(name: &str) -> CloudError {
    CloudError::Credentials(format!("there is no {name:?} in it"))
}
