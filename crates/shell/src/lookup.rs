//! Finding a program (spec/job.md §4, "executable lookup").

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::{Env, os};

/// Where `program` is. A name with a separator is meant from this process's directory, any other is looked for in
/// the `PATH` of `env`.
pub(crate) fn find(program: &OsStr, env: &Env) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.is_absolute() {
        return Some(path.to_path_buf());
    }
    if program.as_encoded_bytes().iter().any(|byte| os::SEPARATORS.contains(byte)) {
        return os::runnable(path, env).and_then(|found| std::path::absolute(found).ok());
    }
    os::search_path(env).find_map(|directory| {
        let directory = if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory };
        os::runnable(&directory.join(program), env).and_then(|found| std::path::absolute(found).ok())
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn programs_are_found_as_the_path_has_it() {
        let root = tempfile::tempdir().expect("a directory");
        for (name, mode) in [("a/tool", 0o644), ("b/tool", 0o755)] {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
            std::fs::write(&path, "").expect("written");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        }
        let at = |name: &str| root.path().join(name).display().to_string();
        let env: Env = [("PATH", format!("{}:{}", at("a"), at("b")))].into_iter().collect();
        let check = |program: &str, env: &Env, found: Option<PathBuf>| {
            assert_eq!(find(program.as_ref(), env), found, "{program}");
        };
        check("tool", &env, Some(root.path().join("b/tool")));
        check("a", &env, None);
        check("./no/such", &env, None);
        check("tool", &Env::new(), None);
        check("/no/such", &env, Some("/no/such".into()));
    }
}
