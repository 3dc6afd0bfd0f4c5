//! Checkouts with Git LFS (spec/checkout.md §14), the real one.

use crate::bed::Bed;
use redkite_git::Settings;

/// A repository with three large files, and the settings that get them.
fn with_large_files() -> (Bed, Settings) {
    let bed = Bed::new();
    bed.sh("cd project && git lfs install --local && git lfs track '*.bin' && mkdir src docs && \
         echo s > src/s.bin && echo d > docs/d.bin && echo r > r.bin && git add . && git commit -qm large");
    // As the executor does for the whole job.
    bed.shell.set("GIT_LFS_SKIP_SMUDGE", "1");
    let settings = Settings { lfs: true, ..bed.settings("HEAD") };
    (bed, settings)
}

fn of_lfs(bed: &Bed) -> Vec<String> {
    bed.git().into_iter().filter(|line| line.contains("lfs ") || line.starts_with("ls-files")).collect()
}

fn check(change: impl FnOnce(&mut Settings), git: &[&str], files: &str) {
    let (mut bed, mut settings) = with_large_files();
    change(&mut settings);
    bed.check_out(&settings).unwrap_or_else(|error| panic!("{error}\n{}", bed.log()));
    assert_eq!(of_lfs(&bed), git);
    assert_eq!(bed.sh("cd builds/demo && grep -rm1 --include='*.bin' '' . | sort"), files);
}

#[test]
fn all_files() {
    let git = ["lfs version", "lfs install --local", "lfs fetch", "lfs checkout"];
    check(|_| {}, &git, "./docs/d.bin:d\n./r.bin:r\n./src/s.bin:s");
}

#[test]
fn those_of_some_directories() {
    check(
        |settings| settings.sparse.paths = vec!["src".into(), " docs ".into()],
        &["lfs version", "lfs install --local", "lfs fetch --include=src,docs", "lfs checkout src docs"],
        "./docs/d.bin:d\n./r.bin:version https://git-lfs.github.com/spec/v1\n./src/s.bin:s",
    );
}

/// What fits the patterns is checked out, nothing else.
#[test]
fn those_that_fit_patterns() {
    let patterns = |paths: &'static [&str]| {
        move |settings: &mut Settings| {
            settings.sparse.mode = "no-cone".into();
            settings.sparse.paths = paths.iter().map(|path| (*path).into()).collect();
        }
    };
    let listing = ["lfs version", "lfs install --local", "ls-files -t -z", "lfs ls-files -n", "lfs fetch"];
    let some = [&listing[..], &["lfs checkout r.bin src/s.bin"]].concat();
    check(patterns(&["/*", "!/docs"]), &some, "./r.bin:r\n./src/s.bin:s");
    let (mut bed, mut settings) = with_large_files();
    patterns(&["/a.txt"])(&mut settings);
    bed.check_out(&settings).expect("it succeeds");
    assert_eq!(of_lfs(&bed), listing, "there is nothing to check out");
}

/// It has its own five tries; the directory is kept, and no other attempt follows.
#[test]
fn a_server_that_has_lost_them() {
    let (mut bed, mut settings) = with_large_files();
    settings.attempts = 2;
    bed.sh("rm -rf project/.git/lfs/objects");
    let error = bed.check_out(&settings).expect_err("they are gone");
    assert_eq!((error.exit_status(), error.to_string().as_str()), (2, "git lfs fetch: exit status 2"));
    let log = bed.log();
    assert_eq!(log.matches("$ git lfs fetch\n").count(), 5, "{log}");
    assert!(log.contains("# Attempt 4/5 Retrying in ") && log.contains("# Attempt 5/5\n"), "{log}");
    assert!(log.contains("Checkout failed! git lfs fetch: exit status 2\n"), "{log}");
    assert!(bed.path("builds/demo/.git").exists());
}

#[test]
fn a_machine_without_it() {
    let (mut bed, settings) = with_large_files();
    bed.sh("mkdir bin && ln -s \"$(command -v git)\" bin/git");
    bed.shell.set("PATH", bed.path("bin").as_os_str());
    bed.shell.set("GIT_EXEC_PATH", bed.path("bin").as_os_str());
    let error = bed.check_out(&settings).expect_err("there is none");
    assert_eq!(error.exit_status(), 1, "{error}");
    assert!(
        error.to_string().contains("BUILDKITE_GIT_LFS_ENABLED=true but `git lfs version` failed"),
        "{error}"
    );
    assert_eq!(bed.git(), ["lfs version"], "nothing is tried");
}
