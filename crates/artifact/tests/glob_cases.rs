//! The recorded patterns of conformance/glob-cases.json, each in a tree of its own.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::fs;
use std::path::Path;

use redkite_artifact::{LinkArtifacts, Links, Reading, Selection, Separators, collect};
use serde_json::Value;

const CASES: &str = include_str!("../../../conformance/glob-cases.json");

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

fn make(root: &Path, entry: &str) {
    let parent = |path: &Path| fs::create_dir_all(path.parent().unwrap()).unwrap();
    if let Some((link, target)) = entry.split_once(" -> ") {
        let link = root.join(link);
        parent(&link);
        std::os::unix::fs::symlink(target, link).unwrap();
    } else if entry.ends_with('/') {
        fs::create_dir_all(root.join(entry)).unwrap();
    } else {
        let file = root.join(entry);
        parent(&file);
        fs::write(file, entry).unwrap();
    }
}

fn selection(case: &Value, root: &Path, list: String) -> Selection {
    let flags = texts(&case["flags"]);
    let has = |flag: &str| flags.contains(&flag);
    let delimiter = flags.iter().position(|&flag| flag == "--delimiter").map(|at| flags[at + 1]);
    let links = if has("--glob-resolve-follow-symlinks") || has("--follow-symlinks") {
        Links::Followed
    } else {
        Links::Kept
    };
    Selection {
        list: list.into(),
        delimiter: delimiter.unwrap_or(";").to_owned(),
        reading: if has("--literal") {
            Reading::Literal
        } else {
            Reading::Globs { links, home: "/root".into() }
        },
        links_as_artifacts: if has("--upload-skip-symlinks") {
            LinkArtifacts::Skipped
        } else {
            LinkArtifacts::Uploaded
        },
        content_type: String::new(),
        separators: Separators::Native,
        directory: root.join(case["cwd"].as_str().unwrap_or_default()),
    }
}

#[test]
fn every_recorded_pattern_selects_what_the_reference_selected() {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let mut wrong = Vec::new();
    for case in cases["cases"].as_array().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        texts(&case["tree"]).into_iter().for_each(|entry| make(&root, entry));
        let place = |text: &str| {
            let absolute = root.to_str().unwrap();
            text.replace("{{ROOT}}", absolute).replace("{{ROOT_REL}}", &absolute[1..])
        };
        let found = collect(
            &selection(case, &root, place(case["paths"].as_str().unwrap())),
            &redkite_api::Halt::default(),
        );
        let status = u64::from(found.is_err());
        let mut found: Vec<_> = found.unwrap_or_default().into_iter().map(|found| found.path).collect();
        found.sort_unstable();
        let mut expected: Vec<_> = texts(&case["expected"]).into_iter().map(place).collect();
        expected.sort_unstable();
        if found != expected || status != case["exit_status"].as_u64().unwrap() {
            wrong.push(format!(
                "{}: {} gave {found:?} ({status}), not {expected:?}",
                case["name"], case["paths"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
