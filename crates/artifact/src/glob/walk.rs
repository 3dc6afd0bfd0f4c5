//! Going through directories with patterns (docs/spec/artifacts.md §3.4, §3.5).

use std::collections::BTreeMap;
use std::fs::{self, DirEntry, FileType};
use std::path::{Path, PathBuf};

use super::Pattern;
use redkite_glob::{Program, States};

/// Whether links to directories are entered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Links {
    /// They are what they are: links.
    #[default]
    Kept,
    /// They are entered as if they were directories.
    Followed,
}

/// Deeper directories are not entered: links may lead in circles.
const DEEPEST: usize = 1000;

/// A search for files.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    base: &'a Path,
    links: Links,
    found: Vec<PathBuf>,
}

/// A directory, and how far each pattern has come with its path.
struct Directory {
    path: PathBuf,
    depth: usize,
    states: Vec<States>,
}

/// What a name in a directory stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    Directory,
    LinkedDirectory,
    /// A link that leads nowhere, or in circles.
    Unresolved,
    File,
}

impl<'a> Walk<'a> {
    /// A search from `base`, to which relative patterns and paths are relative.
    pub(crate) fn new(base: &'a Path, links: Links) -> Self {
        Self { base, links, found: Vec::new() }
    }

    /// The paths that `patterns` select. A path that several patterns select
    /// comes several times.
    pub(crate) fn find(mut self, patterns: Vec<Pattern>) -> Vec<PathBuf> {
        let mut searches: BTreeMap<PathBuf, Vec<Program>> = BTreeMap::new();
        for pattern in patterns {
            match pattern {
                Pattern::Exact(path) => self.look_at(path),
                Pattern::Search { root, program } => searches.entry(root).or_default().push(program),
            }
        }
        for (root, programs) in searches {
            self.search(root, &programs);
        }
        self.found
    }

    /// A pattern that names one path selects it, unless it is a directory or isn't there.
    fn look_at(&mut self, path: PathBuf) {
        match fs::metadata(self.base.join(&path)) {
            Err(_) => couldnt_walk(&path),
            Ok(metadata) if metadata.is_dir() => is_directory(&path),
            Ok(_) => self.found.push(path),
        }
    }

    fn search(&mut self, root: PathBuf, programs: &[Program]) {
        let states = programs.iter().map(Program::start).collect();
        let mut open = vec![Directory { path: root, depth: 0, states }];
        while let Some(directory) = open.pop() {
            let Ok(entries) = fs::read_dir(self.base.join(&directory.path)) else {
                // A root that is not there selects nothing, and says nothing.
                if directory.depth > 0 {
                    couldnt_walk(&directory.path);
                }
                continue;
            };
            for entry in entries.flatten() {
                open.extend(self.visit(&directory, &entry, programs));
            }
        }
    }

    /// Looks at one entry; a directory to go on with, if it is one and something in it may match.
    fn visit(&mut self, directory: &Directory, entry: &DirEntry, programs: &[Program]) -> Option<Directory> {
        let name = entry.file_name();
        let states = after(programs, &directory.states, name.as_encoded_bytes());
        if states.iter().all(States::is_dead) {
            return None;
        }
        let kind = kind(entry, entry.file_type().ok()?, self.links);
        let matched = || programs.iter().zip(&states).any(|(program, states)| program.is_match(states));
        if kind != Entry::Directory && matched() {
            self.found.push(child(&directory.path, entry));
        }
        if kind == Entry::File {
            return None;
        }
        let inside = after(programs, &states, b"/");
        if inside.iter().all(States::is_dead) || directory.depth == DEEPEST {
            return None;
        }
        let path = child(&directory.path, entry);
        if kind == Entry::Unresolved {
            couldnt_walk(&path);
            return None;
        }
        if kind == Entry::Directory && programs.iter().zip(&inside).any(|(p, states)| p.is_match(states)) {
            is_directory(&path);
        }
        Some(Directory { path, depth: directory.depth + 1, states: inside })
    }
}

/// The directory listing says what an entry is; only links that are followed cost another look.
fn kind(entry: &DirEntry, listed: FileType, links: Links) -> Entry {
    if listed.is_dir() {
        return Entry::Directory;
    }
    if !listed.is_symlink() || links == Links::Kept {
        return Entry::File;
    }
    match fs::metadata(entry.path()) {
        Ok(target) if target.is_dir() => Entry::LinkedDirectory,
        Ok(_) => Entry::File,
        Err(_) => Entry::Unresolved,
    }
}

fn after(programs: &[Program], states: &[States], text: &[u8]) -> Vec<States> {
    programs.iter().zip(states).map(|(program, states)| program.advance(states, text)).collect()
}

/// The path of an entry, without a leading `./`.
fn child(directory: &Path, entry: &DirEntry) -> PathBuf {
    if directory == Path::new(".") { entry.file_name().into() } else { directory.join(entry.file_name()) }
}

fn couldnt_walk(path: &Path) {
    tracing::warn!("Couldn't walk path {}", path.display());
}

fn is_directory(path: &Path) {
    tracing::warn!("One of the glob patterns matched a directory: {}", path.display());
}
