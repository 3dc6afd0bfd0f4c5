//! `oidc …`.

pub(crate) mod request_token;
