use super::super::fixtures::Place;
use super::*;
use crate::run::event::Source;

#[test]
fn urls_are_resolved_as_git_does() {
    for (origin, url, expected) in [
        (Some("https://host/team/app.git"), "../lib.git", "https://host/team/lib.git"),
        (Some("https://host/team/app.git/"), "../lib.git", "https://host/team/lib.git"),
        (Some("https://host/team/app.git"), "../../other/lib/", "https://host/other/lib"),
        (Some("https://host/team/app"), "./lib", "https://host/team/app/lib"),
        (Some("https://host/team/app"), "./../lib", "https://host/team/lib"),
        (Some("ssh://git@host:22/app.git"), "../lib.git", "ssh://git@host:22/lib.git"),
        (Some("git@host:team/app.git"), "../lib.git", "git@host:team/lib.git"),
        (Some("git@host:team/app.git"), "../../lib.git", "git@host:lib.git"),
        (Some("git@host:app.git"), "../lib.git", "git@host:lib.git"),
        (Some("host:app.git"), "./lib.git", "host:app.git/lib.git"),
        (Some("file:///srv/app"), "../lib", "file:///srv/lib"),
        (Some("/srv/git/app.git"), "../lib.git", "/srv/git/lib.git"),
        (Some("/srv/a:b/app.git"), "../lib.git", "/srv/a:b/lib.git"),
        (Some("../up/app.git"), "../lib.git", "/home/me/up/lib.git"),
        (Some(".."), "../lib.git", "/home/lib.git"),
        (Some("up.git"), "./lib.git", "/home/me/app/up.git/lib.git"),
        (None, "../lib.git", "/home/me/lib.git"),
        (None, "./lib", "/home/me/app/lib"),
        (None, "../../../../lib", "/lib"),
    ] {
        let base = base(origin, Path::new("/home/me/app"));
        assert_eq!(resolve(&base, url), expected, "{url} of {origin:?}");
    }
}

/// What git makes of the same, where it has an answer: with an origin that is no relative path.
#[test]
fn git_agrees() {
    for (origin, url) in [
        ("https://host/team/app.git/", "../lib.git"),
        ("https://host/team/app", "./../../x/lib/"),
        ("git@host:team/app.git", "../../lib.git"),
        ("host:app.git", "./lib.git"),
        ("/srv/a:b/app.git", "../lib.git"),
    ] {
        let place = Place::with_commit();
        place.git(&["config", "remote.origin.url", origin]);
        place.write(".gitmodules", &format!("[submodule \"m\"]\n path = m\n url = {url}\n"));
        let head = place.git(&["rev-parse", "HEAD"]);
        place.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{head},m")]);
        place.git(&["submodule", "--quiet", "init"]);
        assert_eq!(resolve(origin, url), place.git(&["config", "submodule.m.url"]), "{url} of {origin}");
    }
}

#[test]
fn only_relative_urls_of_the_built_commit_count() {
    let place = Place::with_commit();
    let settings = |place: &Place, source| {
        let snapshot = place.take(source, None).expect("a snapshot");
        let settings = submodule_settings(&place.repository(), &snapshot).expect("settings");
        settings.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(settings(&place, Source::Commit), [""; 0]);
    let module = |name: &str, url: &str| format!("[submodule \"{name}\"]\n path = {name}\n url = {url}\n");
    let modules = [module("My.Lib x", "../lib.git"), module("far", "https://host/far.git")].concat();
    place.write(".gitmodules", &modules);
    place.git(&["config", "remote.origin.url", "https://host/app.git"]);
    assert_eq!(settings(&place, Source::Commit), [""; 0]);
    let expected = ["submodule.My.Lib x.url", "url.https://host/lib.git.insteadOf"];
    assert_eq!(settings(&place, Source::WorkingTree), expected);
}

#[test]
fn the_snapshots_own_address_stays_what_it_is() {
    for (url, instead) in [
        ("../lib", Some("/data/lib")),
        ("../app", None),
        ("../ap", None),
        ("../app-12.git/x", Some("/data/app-12.git/x")),
    ] {
        let settings = settings("submodule.m.url", url, "/srv/app", "/data/app-12.git");
        assert_eq!(settings.get(1).map(|(_, wrong)| wrong.as_str()), instead, "{url}");
    }
}
