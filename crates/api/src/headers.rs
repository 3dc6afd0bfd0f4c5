//! What the agent says of itself in headers, and the headers a server asks for (spec/agent-api.md §4).

use std::collections::BTreeMap;
use std::fmt;

/// The version we register with and name in `User-Agent`: the reference whose protocol this is.
pub const AGENT_VERSION: &str = "3.137.0";
/// The build number beside the version; `x` for a build that no release pipeline numbered.
pub const AGENT_BUILD: &str = match option_env!("REDKITE_BUILD_NUMBER") {
    Some(number) => number,
    None => "x",
};

/// Prefix of the environment variables that carry server-specified headers into a job (§4.3).
pub const VARIABLE_PREFIX: &str = "BUILDKITE_REQUEST_HEADER_";
const HEADER_PREFIX: &str = "Buildkite-";

/// The value of `User-Agent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(String);

impl UserAgent {
    /// Of `start` and of every command (§4.1).
    #[must_use]
    pub fn agent() -> Self {
        let (os, arch) = (go_os(), go_arch());
        Self(format!("buildkite-agent/{AGENT_VERSION}.{AGENT_BUILD} ({os}; {arch})"))
    }

    /// Of the secrets that the bootstrap fetches before any hook.
    #[must_use]
    pub fn library() -> Self {
        Self("buildkite-agent/api".to_owned())
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The operating system by the name that this API uses.
#[must_use]
pub fn go_os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// The processor by the name that this API uses.
#[must_use]
pub fn go_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

/// The headers a server asked to have on every request (§4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHeaders(BTreeMap<String, String>);

impl RequestHeaders {
    /// The set that an agent, or a command within a job, starts with.
    #[must_use]
    pub fn from_environment(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let header = |(name, value): (String, String)| {
            let name = canonical(name.strip_prefix(VARIABLE_PREFIX)?);
            name.starts_with(HEADER_PREFIX).then_some((name, value))
        };
        Self(variables.into_iter().filter_map(header).collect())
    }

    /// What a register or ping answer does to the set: `None` keeps it, anything else replaces it.
    pub fn update(&mut self, answer: Option<&BTreeMap<String, String>>) {
        let Some(answer) = answer else { return };
        let wanted = answer.iter().filter(|(name, _)| name.starts_with(HEADER_PREFIX));
        self.0 = wanted.map(|(name, value)| (name.clone(), value.clone())).collect();
    }

    /// Name and value of each header.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The variables by which commands within a job learn of the set.
    pub fn variables(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, value)| {
            let name = name.to_ascii_uppercase().replace('-', "_");
            (format!("{VARIABLE_PREFIX}{name}"), value.clone())
        })
    }
}

/// `BUILDKITE_FOO` as `Buildkite-Foo`.
fn canonical(name: &str) -> String {
    let word = |word: &str| {
        let lower = word.to_ascii_lowercase();
        let mut letters = lower.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('_').map(word).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn the_environment_gives_only_headers_of_ours() {
        let headers = RequestHeaders::from_environment(map(&[
            ("BUILDKITE_REQUEST_HEADER_BUILDKITE_FOO_BAR", "1"),
            ("BUILDKITE_REQUEST_HEADER_CONTENT_TYPE", "x"),
            ("HOME", "/"),
        ]));
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("Buildkite-Foo-Bar", "1")]);
        let back: Vec<_> = headers.variables().collect();
        assert_eq!(back, [("BUILDKITE_REQUEST_HEADER_BUILDKITE_FOO_BAR".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn an_answer_keeps_clears_or_replaces() {
        let start = RequestHeaders(map(&[("Buildkite-Shard", "a")]));
        for (answer, expected) in [
            (None, vec![("Buildkite-Shard", "a")]),
            (Some(map(&[])), vec![]),
            (
                Some(map(&[("Buildkite-X", "1"), ("buildkite-y", "2"), ("X-Foo", "3")])),
                vec![("Buildkite-X", "1")],
            ),
        ] {
            let mut headers = start.clone();
            headers.update(answer.as_ref());
            assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
        }
    }
}
