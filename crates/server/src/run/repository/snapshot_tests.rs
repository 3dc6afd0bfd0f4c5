use super::super::fixtures::Place;
use super::*;

const COMMITTED: &str = ".gitignore=*.ignored\n removed=x tracked=old";

/// Changes of every kind: staged, unstaged, removed, new, ignored.
fn change(place: &Place) {
    place.write("tracked", "new");
    place.write("staged", "s");
    place.git(&["add", "staged"]);
    place.write("staged", "newer");
    place.write("sub dir/untracked é", "u");
    place.write("x.ignored", "no");
    fs::remove_file(place.top().join("removed")).expect("removing");
}

#[test]
fn a_commit_is_built_as_it_is() {
    let place = Place::with_commit();
    change(&place);
    let before = place.fingerprint();
    let snapshot = place.take(Source::Commit, None).expect("a snapshot");
    assert_eq!(place.checked_out(&snapshot), COMMITTED);
    assert_eq!(snapshot.branch, "main");
    assert_eq!(snapshot.message, "First\n\nwith a body");
    assert_eq!(snapshot.author, ("Ann".to_owned(), "ann@example.com".to_owned()));
    assert_eq!(place.fingerprint(), before);
}

#[test]
fn a_working_tree_is_built_with_its_changes_and_left_alone() {
    let place = Place::with_commit();
    change(&place);
    let before = place.fingerprint();
    let snapshot = place.take(Source::WorkingTree, None).expect("a snapshot");
    let files = place.git.at(&snapshot.path).text(["--git-dir=.", "ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(files.expect("a tree"), ".gitignore\nstaged\n\"sub dir/untracked \\303\\251\"\ntracked");
    assert_eq!(snapshot.source, Source::WorkingTree);
    let again = place.take(Source::WorkingTree, None).expect("a snapshot");
    assert_eq!(again.commit, snapshot.commit);
    assert_eq!(place.fingerprint(), before);
}

#[test]
fn a_clean_working_tree_is_its_commit() {
    let place = Place::with_commit();
    let snapshot = place.take(Source::WorkingTree, None).expect("a snapshot");
    assert_eq!((snapshot.source, snapshot.commit), (Source::Commit, place.git(&["rev-parse", "HEAD"])));
}

#[test]
fn without_commits_only_the_working_tree_can_be_built() {
    let place = Place::new();
    place.write("file", "f");
    let error = place.take(Source::Commit, None).expect_err("nothing to build");
    assert!(error.to_string().contains("has no commit yet"), "{error}");
    let snapshot = place.take(Source::WorkingTree, None).expect("a snapshot");
    assert_eq!(place.checked_out(&snapshot), "file=f");
}

#[test]
fn a_detached_head_gets_a_branch() {
    let place = Place::with_commit();
    place.git(&["checkout", "-q", "--detach"]);
    let snapshot = place.take(Source::Commit, None).expect("a snapshot");
    assert_eq!((snapshot.branch.as_str(), place.checked_out(&snapshot).as_str()), ("detached", COMMITTED));
}

#[test]
fn the_branch_can_be_named() {
    let place = Place::with_commit();
    for (branch, valid) in
        [("x/y", true), ("x", true), ("main", true), ("a b", false), ("-x", false), ("", false)]
    {
        match place.take(Source::Commit, Some(branch)) {
            Ok(snapshot) => assert!(valid && place.checked_out(&snapshot) == COMMITTED, "{branch}"),
            Err(error) => assert!(!valid && error.to_string().contains("not a valid branch name"), "{error}"),
        }
    }
}

#[test]
fn conflicts_are_built_as_they_stand() {
    let place = Place::with_commit();
    place.git(&["checkout", "-q", "-b", "other"]);
    place.write("tracked", "theirs");
    place.git(&["commit", "-qam", "theirs"]);
    place.git(&["checkout", "-q", "main"]);
    place.write("tracked", "ours");
    place.git(&["commit", "-qam", "ours"]);
    assert!(place.git.text(["merge", "other"]).is_err());
    let snapshot = place.take(Source::WorkingTree, None).expect("a snapshot");
    assert!(place.checked_out(&snapshot).contains("<<<<<<< HEAD"));
}

#[test]
fn a_repository_inside_is_left_out() {
    let place = Place::with_commit();
    fs::create_dir(place.top().join("inner")).expect("a folder");
    place.git.at(place.top().join("inner")).text(["init", "-q"]).expect("a repository");
    place.write("inner/file", "f");
    let snapshot = place.take(Source::WorkingTree, None).expect("a snapshot");
    assert_eq!(place.checked_out(&snapshot), COMMITTED);
}

#[test]
fn our_own_folder_is_left_out() {
    let place = Place::with_commit();
    let data = place.top().join("data");
    for _ in 0..2 {
        let wanted = Wanted { source: Source::WorkingTree, branch: None, without: data.clone() };
        let snapshot = Snapshot::take(&place.repository(), &wanted, &data).expect("a snapshot");
        assert_eq!(place.checked_out(&snapshot), COMMITTED);
    }
}

#[test]
fn a_linked_worktree_and_a_shallow_clone_can_be_built() {
    let place = Place::with_commit();
    place.write("tracked", "second");
    place.git(&["commit", "-qam", "second"]);
    let linked = place.top().join("../linked");
    place.git(&["worktree", "add", "-q", "-b", "linked", "../linked"]);
    let shallow = place.top().join("../shallow");
    let url = format!("file://{}", place.top().display());
    place.git(&["clone", "-q", "--depth=1", "--", &url, "../shallow"]);
    for folder in [linked, shallow] {
        let repository = Repository::around(&place.git.at(&folder)).expect("a repository");
        let wanted = Wanted { source: Source::Commit, branch: None, without: place.data() };
        let snapshot = Snapshot::take(&repository, &wanted, &place.data()).expect("a snapshot");
        assert!(place.checked_out(&snapshot).contains("tracked=second"), "{}", folder.display());
    }
}

#[test]
fn half_a_snapshot_is_made_anew() {
    let place = Place::with_commit();
    let first = place.take(Source::Commit, None).expect("a snapshot");
    fs::remove_file(first.path.join("config")).expect("removing");
    fs::remove_dir_all(first.path.join("refs")).expect("removing");
    let second = place.take(Source::Commit, None).expect("a snapshot");
    assert_eq!(place.checked_out(&second), COMMITTED);
}

#[test]
fn what_is_no_repository_is_named() {
    let place = Place::new();
    let outside = place.git.at(place.top().parent().expect("a folder above"));
    let error = Repository::around(&outside).expect_err("no repository").to_string();
    assert!(error.contains("not a git repository"), "{error}");
}
