//! A plugin's reference, `[scheme://][auth@]host/path[#version]`, and what follows from it (spec/job.md §9.3).
use redkite_git::url::{Url, UrlError};
use std::fmt;

/// Where a plugin comes from, and which version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    scheme: String,
    auth: Option<String>,
    location: String,
    version: Option<String>,
}

/// Why a text is no plugin reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// A version may not have a `#`.
    #[error("too many '#'s in {0:?}")]
    TooManyFragments(String),
    /// Not a URL either.
    #[error("plugin reference {text:?} is not valid: {source}")]
    Url {
        /// As given.
        text: String,
        /// What is wrong with it.
        source: UrlError,
    },
}

/// Why a reference names no repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// Nothing before the version.
    #[error("missing plugin location")]
    Missing,
    /// Too few parts.
    #[error("incomplete plugin path {0:?}")]
    Incomplete(String),
}

impl Reference {
    /// Reads a reference. Short forms are not expanded: that happens when a pipeline is uploaded.
    ///
    /// # Errors
    /// When it is not a URL with at most one `#`.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.matches('#').count() > 1 {
            return Err(ReferenceError::TooManyFragments(text.to_owned()));
        }
        let url = Url::parse(text).map_err(|source| ReferenceError::Url { text: text.to_owned(), source })?;
        Ok(Self {
            location: format!("{}{}", url.host, url.path),
            scheme: url.scheme,
            auth: url.user_info,
            version: Some(url.fragment).filter(|version| !version.is_empty()),
        })
    }

    /// `https`, `zip+https`, …; empty if none was given.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What precedes `@`, encoded as it was.
    #[must_use]
    pub fn auth(&self) -> Option<&str> {
        self.auth.as_deref()
    }

    /// Host and path.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The tag, branch, commit or digest.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// It lies in the checked-out repository.
    #[must_use]
    pub fn is_vendored(&self) -> bool {
        self.location.starts_with('.')
    }

    /// It is an archive (experiment `zip-plugins`).
    #[must_use]
    pub fn is_zip(&self) -> bool {
        self.scheme.starts_with("zip+")
    }

    /// The short name that its variables and headings carry: `docker-compose`.
    #[must_use]
    pub fn name(&self) -> String {
        let location = self.location.replace('\\', "/");
        let last = location.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let lower = last.trim_start_matches('.').to_lowercase();
        let words: Vec<_> = lower.split_whitespace().collect();
        // Split drops blanks at the ends; a leading or trailing one still counts as one.
        let edge = |is: bool| if is { " " } else { "" };
        let spaced = if words.is_empty() {
            edge(!lower.is_empty()).to_owned()
        } else {
            let start = edge(lower.starts_with(char::is_whitespace));
            format!("{start}{}{}", words.join(" "), edge(lower.ends_with(char::is_whitespace)))
        };
        dashed(&spaced).replace("-buildkite-plugin-git", "").replace("-buildkite-plugin", "")
    }

    /// Location and version, as they identify the plugin in messages.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{}#{version}", self.location),
            None => self.location.clone(),
        }
    }

    /// The name of its directory.
    #[must_use]
    pub fn identifier(&self) -> String {
        let dashed = dashed(&self.label());
        dashed.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// What git clones.
    ///
    /// # Errors
    /// When the location has too few parts for a repository.
    pub fn repository(&self) -> Result<String, LocationError> {
        let auth = self.auth.as_ref().map_or(String::new(), |auth| format!("{auth}@"));
        let address = format!("{auth}{}", self.repository_part()?);
        if address.starts_with('/') {
            return Ok(address);
        }
        let scheme = if self.scheme.is_empty() { "https" } else { &self.scheme };
        Ok(format!("{scheme}://{address}"))
    }

    /// The plugin's folder in its repository; empty for the repository itself.
    ///
    /// # Errors
    /// As [`Self::repository`].
    pub fn subdirectory(&self) -> Result<String, LocationError> {
        let repository = self.repository_part()?;
        let rest = self.location.strip_prefix(repository.as_str()).unwrap_or_default();
        let rest = rest.trim_start_matches('/');
        Ok(rest.strip_suffix(".git").unwrap_or(rest).to_owned())
    }

    /// The name in headings and messages about the checkout: `mono/sub/dir`.
    #[must_use]
    pub fn display_name(&self) -> String {
        if self.location.starts_with(['/', '.']) || self.location.contains('\\') {
            return self.name();
        }
        let (Ok(repository), Ok(subdirectory)) = (self.repository_part(), self.subdirectory()) else {
            return self.name();
        };
        let last = repository.rsplit('/').next().unwrap_or_default();
        let last = last.strip_suffix(".git").unwrap_or(last);
        if subdirectory.is_empty() { last.to_owned() } else { format!("{last}/{subdirectory}") }
    }

    fn repository_part(&self) -> Result<String, LocationError> {
        if self.location.is_empty() {
            return Err(LocationError::Missing);
        }
        let parts: Vec<_> = self.location.split('/').collect();
        let incomplete = || LocationError::Incomplete(self.location.clone());
        let needed = match parts[0] {
            "github.com" | "bitbucket.org" | "gitlab.com" => 3,
            _ => 2,
        };
        if parts.len() < needed {
            return Err(incomplete());
        }
        let length = match parts[0] {
            "github.com" | "bitbucket.org" => 3,
            // Groups nest as deep as they like there: nothing tells where the repository ends.
            "gitlab.com" => parts.len(),
            _ => parts.iter().position(|part| part.ends_with(".git")).map_or(parts.len(), |at| at + 1),
        };
        Ok(parts[..length].join("/"))
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label())
    }
}

fn dashed(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Location, repository, subdirectory, name, display name, identifier.
    fn check(text: &str, expected: [&str; 6]) {
        let reference = Reference::parse(text).expect(text);
        let found = [
            reference.location().to_owned(),
            reference.repository().unwrap_or_else(|error| error.to_string()),
            reference.subdirectory().unwrap_or_default(),
            reference.name(),
            reference.display_name(),
            reference.identifier(),
        ];
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn everything_follows_from_the_reference() {
        check(
            "github.com/buildkite-plugins/docker-compose-buildkite-plugin#v3.0.0",
            [
                "github.com/buildkite-plugins/docker-compose-buildkite-plugin",
                "https://github.com/buildkite-plugins/docker-compose-buildkite-plugin",
                "",
                "docker-compose",
                "docker-compose-buildkite-plugin",
                "github-com-buildkite-plugins-docker-compose-buildkite-plugin-v3-0-0",
            ],
        );
        check(
            "https://github.com/org/mono.git/sub/dir#main",
            [
                "github.com/org/mono.git/sub/dir",
                "https://github.com/org/mono.git",
                "sub/dir",
                "dir",
                "mono/sub/dir",
                "github-com-org-mono-git-sub-dir-main",
            ],
        );
        check(
            "https://github.com/org/repo/.buildkite#main",
            [
                "github.com/org/repo/.buildkite",
                "https://github.com/org/repo",
                ".buildkite",
                "buildkite",
                "repo/.buildkite",
                "github-com-org-repo-buildkite-main",
            ],
        );
        check(
            "ssh://git@git.example.com:2222/org/team/repo.git/sub#v1",
            [
                "git.example.com:2222/org/team/repo.git/sub",
                "ssh://git@git.example.com:2222/org/team/repo.git",
                "sub",
                "sub",
                "repo/sub",
                "git-example-com-2222-org-team-repo-git-sub-v1",
            ],
        );
        check(
            "ssh://git@github.com/org/repo.git#v1",
            [
                "github.com/org/repo.git",
                "ssh://git@github.com/org/repo.git",
                "",
                "repo-git",
                "repo",
                "github-com-org-repo-git-v1",
            ],
        );
        check(
            "https://user:p%40ss@gitlab.com/g/sub/repo#main",
            [
                "gitlab.com/g/sub/repo",
                "https://user:p%40ss@gitlab.com/g/sub/repo",
                "",
                "repo",
                "repo",
                "gitlab-com-g-sub-repo-main",
            ],
        );
        check(
            "https://gitlab.com/g/t/repo.git/plugin",
            [
                "gitlab.com/g/t/repo.git/plugin",
                "https://gitlab.com/g/t/repo.git/plugin",
                "",
                "plugin",
                "plugin",
                "gitlab-com-g-t-repo-git-plugin",
            ],
        );
        check(
            "https://git.example.com/a/b/c#x",
            [
                "git.example.com/a/b/c",
                "https://git.example.com/a/b/c",
                "",
                "c",
                "c",
                "git-example-com-a-b-c-x",
            ],
        );
    }

    #[test]
    fn paths_and_archives_are_references_too() {
        let foo = "/opt/p/foo-buildkite-plugin";
        check(
            "file:///opt/p/foo-buildkite-plugin#v1",
            [foo, foo, "", "foo", "foo", "opt-p-foo-buildkite-plugin-v1"],
        );
        check("/opt/p/foo#v1", ["/opt/p/foo", "/opt/p/foo", "", "foo", "foo", "opt-p-foo-v1"]);
        check(
            "/opt/mono.git/plugins/left",
            [
                "/opt/mono.git/plugins/left",
                "/opt/mono.git",
                "plugins/left",
                "left",
                "left",
                "opt-mono-git-plugins-left",
            ],
        );
        check(
            "zip+https://ex.com/p/my.zip?x=1#sha256:abc",
            [
                "ex.com/p/my.zip",
                "zip+https://ex.com/p/my.zip",
                "",
                "my-zip",
                "my.zip",
                "ex-com-p-my-zip-sha256-abc",
            ],
        );
        check("C:\\plugins\\foo", ["", "missing plugin location", "", "", "", ""]);
        check("docker", ["docker", "incomplete plugin path \"docker\"", "", "docker", "docker", "docker"]);
        check("org/name", ["org/name", "https://org/name", "", "name", "name", "org-name"]);
        check(
            "github.com/org",
            [
                "github.com/org",
                "incomplete plugin path \"github.com/org\"",
                "",
                "org",
                "org",
                "github-com-org",
            ],
        );
    }

    #[test]
    fn names_are_tidied() {
        let name = |text: &str| Reference::parse(text).expect(text).name();
        assert_eq!(name("/r/My.Odd_Name-buildkite-plugin"), "my-odd-name");
        assert_eq!(name("/r/foo-buildkite-plugin.git"), "foo");
        assert_eq!(name("./.buildkite/plugins/foo/"), "foo");
        assert_eq!(name("/r/a%20%20%20b"), "a-b");
    }

    #[test]
    fn vendored_ones_start_with_a_dot() {
        let vendored = |text: &str| Reference::parse(text).expect(text).is_vendored();
        assert!(vendored("./.buildkite/plugins/foo") && vendored("../outside") && vendored("./x#v1"));
        assert!(!vendored("/x") && !vendored("github.com/a/b"));
    }

    #[test]
    fn other_texts_are_refused() {
        assert_eq!(
            Reference::parse("./x#a#b").map_err(|e| e.to_string()),
            Err("too many '#'s in \"./x#a#b\"".into())
        );
        assert!(matches!(Reference::parse("git@host:org/repo.git"), Err(ReferenceError::Url { .. })));
    }

    proptest! {
        #[test]
        fn an_identifier_is_a_plain_file_name(text in "[a-zA-Z0-9./#:@_ é-]{0,40}") {
            if let Ok(reference) = Reference::parse(&text) {
                let identifier = reference.identifier();
                prop_assert!(identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
                prop_assert!(!identifier.starts_with('-') && !identifier.contains("--"));
                prop_assert!(!reference.name().contains('/'));
            }
        }
    }
}
