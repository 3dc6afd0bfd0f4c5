//! Meta-data of a build (control-plane.md §2.2, §17).

use redkite_scheduler::BuildId;
use redkite_scheduler::build::Event as BuildEvent;
use redkite_scheduler::facts::Person;

use super::{Change, Context, Failure, Wrong};
use crate::store::MetaDataTable;

/// Largest value, in bytes.
const MAX_VALUE: usize = 100 << 10;
/// Longest key, in characters.
const MAX_KEY: usize = 255;
/// What the agent writes after its first checkout (§5.2).
const COMMIT: &str = "buildkite:git:commit";

/// Sets keys: all of them or, when one is not valid, none.
pub(crate) struct SetMetaData {
    /// The build.
    pub build: BuildId,
    /// Keys and values.
    pub items: Vec<(String, String)>,
}

impl Change for SetMetaData {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        for (key, value) in &self.items {
            check(key, value)?;
        }
        cx.require_build(self.build).await?;
        for (key, value) in &self.items {
            MetaDataTable::set(cx.db().await?, &self.build.to_string(), key, value).await?;
            if key == COMMIT
                && let Some(event) = resolved(value)
            {
                cx.apply_if_it_fits(self.build, event).await?;
            }
        }
        Ok(())
    }
}

/// Reads one key.
pub(crate) struct MetaDataValue {
    /// The build.
    pub build: BuildId,
    /// The key.
    pub key: String,
}

impl Change for MetaDataValue {
    type Reply = Option<String>;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Option<String>, Failure> {
        Ok(MetaDataTable::get(cx.db().await?, &self.build.to_string(), &self.key).await?)
    }
}

/// Lists all keys.
pub(crate) struct MetaDataKeys(pub BuildId);

impl Change for MetaDataKeys {
    type Reply = Vec<String>;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Vec<String>, Failure> {
        let all = MetaDataTable::all(cx.db().await?, &self.0.to_string()).await?;
        Ok(all.into_iter().map(|(key, _)| key).collect())
    }
}

fn check(key: &str, value: &str) -> Result<(), Failure> {
    let wrong = |text: String| Err(Wrong::Unprocessable.because(text).into());
    if key.trim().is_empty() {
        return wrong("A meta-data key can't be empty".into());
    }
    if key.chars().count() > MAX_KEY {
        return wrong(format!("A meta-data key can't be longer than {MAX_KEY} characters"));
    }
    if key.starts_with("buildkite:") && key != COMMIT {
        return wrong(format!("The meta-data key `{key}` is reserved: keys can't start with `buildkite:`"));
    }
    if value.len() > MAX_VALUE {
        return wrong(format!("The value of the meta-data key `{key}` is larger than {MAX_VALUE} bytes"));
    }
    Ok(())
}

/// Reads what the agent says of the commit: `commit <sha>`, `Author: <name> <<email>>`, then the message
/// indented by four spaces. Other text is kept as meta-data and means nothing (§5.2).
fn resolved(text: &str) -> Option<BuildEvent> {
    let sha = text.lines().find_map(|line| line.strip_prefix("commit "))?.trim();
    if sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let author = text.lines().find_map(|line| line.strip_prefix("Author:")).map(person);
    let message = text.lines().find_map(|line| line.strip_prefix("    ")).map(|line| line.trim().to_owned());
    Some(BuildEvent::CommitResolved { commit: sha.to_owned(), message, author })
}

fn person(line: &str) -> Person {
    let (name, email) = line.split_once('<').unwrap_or((line, ""));
    Person {
        name: name.trim().to_owned(),
        email: email.trim().trim_end_matches('>').to_owned(),
        ..Person::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commit_texts_are_read() {
        let sha = "0123456789012345678901234567890123456789";
        let text = format!(
            "commit {sha}\nabbrev-commit 0123456\nAuthor: Ada L <ada@example.com>\n\n    Fix it\n    more\n"
        );
        let Some(BuildEvent::CommitResolved { commit, message, author }) = resolved(&text) else {
            panic!("this is a commit");
        };
        assert_eq!((commit.as_str(), message.as_deref()), (sha, Some("Fix it")));
        let author = author.expect("an author");
        assert_eq!((author.name.as_str(), author.email.as_str()), ("Ada L", "ada@example.com"));
        assert_eq!(resolved("no commit at all"), None);
        assert_eq!(resolved("commit main\n"), None);
    }

    #[test]
    fn keys_and_values_have_limits() {
        let refused = |key: &str, value: &str| check(key, value).is_err();
        assert!(!refused("release", "1.0") && !refused(COMMIT, "x"));
        assert!(refused(" ", "x") && refused("buildkite:mine", "x"));
        assert!(refused(&"k".repeat(256), "x") && refused("k", &"v".repeat(MAX_VALUE + 1)));
    }
}
