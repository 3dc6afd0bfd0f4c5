//! Which branches and tags a snapshot has: those a clone of the repository's remote would see.

/// A ref: the object it points to, and its full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ref {
    pub(super) object: String,
    pub(super) name: String,
}

/// The user's refs as `OBJECT NAME` lines, and the branch to build with its commit, become the snapshot's refs.
///
/// Branches are those of `origin`; where there is no such remote, the user's own. The built branch comes first:
/// one that could not stand beside it (`a` and `a/b`) gives way.
pub(super) fn snapshot_refs(listing: &str, branch: &str, commit: &str) -> Vec<Ref> {
    let all: Vec<_> = listing.lines().filter_map(|line| line.split_once(' ')).collect();
    let remote = all.iter().any(|(_, name)| name.starts_with("refs/remotes/origin/"));
    let built = format!("refs/heads/{branch}");
    let mut refs: Vec<_> = all
        .iter()
        .filter_map(|(object, name)| Some(Ref { object: (*object).to_owned(), name: renamed(name, remote)? }))
        .filter(|of| !clash(&of.name, &built))
        .collect();
    refs.push(Ref { object: commit.to_owned(), name: built });
    refs.sort_by(|a, b| a.name.cmp(&b.name));
    refs
}

fn renamed(name: &str, remote: bool) -> Option<String> {
    match name.strip_prefix("refs/remotes/origin/") {
        Some("HEAD") => None,
        Some(branch) => Some(format!("refs/heads/{branch}")),
        None if name.starts_with("refs/tags/") || (!remote && name.starts_with("refs/heads/")) => {
            Some(name.to_owned())
        }
        None => None,
    }
}

fn clash(a: &str, b: &str) -> bool {
    let within = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('/'));
    a == b || within(a, b) || within(b, a)
}

/// The contents of a `packed-refs` file. Its header names no property: git then takes none for granted.
pub(super) fn packed(refs: &[Ref]) -> String {
    refs.iter().map(|of| format!("{} {}\n", of.object, of.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listing: &str, branch: &str) -> String {
        let refs = snapshot_refs(listing, branch, "new");
        refs.iter()
            .map(|of| format!("{}={}", of.name.trim_start_matches("refs/"), of.object))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_clone_of_the_remote_is_imitated() {
        for (listing, branch, expected) in [
            ("", "main", "heads/main=new"),
            (
                "1 refs/heads/main\n2 refs/heads/x\n3 refs/tags/v1",
                "main",
                "heads/main=new heads/x=2 tags/v1=3",
            ),
            (
                "1 refs/heads/local\n2 refs/remotes/origin/HEAD\n3 refs/remotes/origin/main\n4 refs/remotes/fork/y",
                "local",
                "heads/local=new heads/main=3",
            ),
            ("1 refs/heads/a/b\n2 refs/heads/ab", "a", "heads/a=new heads/ab=2"),
            ("1 refs/heads/a", "a/b", "heads/a/b=new"),
            ("1 refs/stash\n2 refs/notes/commits", "main", "heads/main=new"),
        ] {
            assert_eq!(names(listing, branch), expected, "{listing}");
        }
    }
}
