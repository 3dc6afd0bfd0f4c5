//! A repository's ssh host becomes known (spec/checkout.md §16). Whatever goes wrong is a warning.
use crate::error::CheckoutError;
use crate::fetch::pause;
use crate::retry::{Policy, random};
use crate::{known_hosts, os, url};
use redkite_shell::{Command, Lock, Shell, quoted};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

const LOCK_LIMIT: Duration = Duration::from_secs(30);

/// Adds the host of `repository` to the `known_hosts` of the user whose home directory is `home`, if it is reached
/// by ssh and not there yet.
pub fn add_host(shell: &Shell, repository: &str, home: Option<&Path>) {
    add_host_within(shell, repository, home, LOCK_LIMIT);
}

/// The same, waiting for other processes that are at the file for `patience` at most.
pub fn add_host_within(shell: &Shell, repository: &str, home: Option<&Path>, patience: Duration) {
    if Path::new(repository).exists() {
        return;
    }
    let file = match known_hosts_file(home) {
        Ok(file) => file,
        Err(error) => {
            return shell.log().warning(format_args!("Failed to find SSH known_hosts file: {error}"));
        }
    };
    if let Err(error) = add(shell, repository, &file, patience) {
        shell.log().warning(format_args!("Error adding to known_hosts: {error}"));
    }
}

/// The user's file, made if it is missing.
fn known_hosts_file(home: Option<&Path>) -> Result<PathBuf, CheckoutError> {
    let home = home.ok_or_else(|| CheckoutError::Invalid("there is no home directory".to_owned()))?;
    let directory = home.join(".ssh");
    let file = directory.join("known_hosts");
    if !directory.exists() {
        os::private_directory(&directory).map_err(CheckoutError::file("creating directory", &directory))?;
    }
    // One that is there may be one that nobody may write to: that matters only when there is something to add.
    if !file.exists() {
        os::private_file(&file).map_err(CheckoutError::file("opening", &file))?;
    }
    Ok(file)
}

fn add(shell: &Shell, repository: &str, file: &Path, patience: Duration) -> Result<(), CheckoutError> {
    let url = url::repository(repository).map_err(|error| {
        let shown = url::without_password(repository);
        shell.log().warning(format_args!(
            "Could not parse {shown:?} as a URL - skipping adding host to SSH known_hosts"
        ));
        CheckoutError::Invalid(error.to_string())
    })?;
    if url.scheme != "ssh" {
        return Ok(());
    }
    let host = resolve(shell, &url.host);
    let _lock = lock(shell, file, patience)?;
    let known = fs::read(file).map_err(CheckoutError::file("reading", file))?;
    let shown = quoted(file);
    if known_hosts::lists(&String::from_utf8_lossy(&known), &host) {
        shell.log().comment(format_args!("Host {host:?} already in list of known hosts at {shown}"));
        return Ok(());
    }
    let keys = scan(shell, &host).map_err(|error| {
        let url = url::without_password(&url.to_string());
        CheckoutError::Invalid(format!("failed to add {host:?} to known_hosts file {url:?}: {error}"))
    })?;
    shell.log().comment(format_args!("Added host {host:?} to known hosts at {shown}"));
    let lines = known_hosts::appended(&known, &keys);
    let appended = os::private_file(file).and_then(|mut file| file.write_all(lines.as_bytes()));
    appended.map_err(CheckoutError::file("writing", file))
}

fn lock(shell: &Shell, file: &Path, patience: Duration) -> Result<Lock, CheckoutError> {
    let mut path = file.as_os_str().to_owned();
    path.push(".lock");
    let limited = shell.context().with_deadline(std::time::Instant::now() + patience);
    shell
        .lock(Path::new(&path), &limited)
        .map_err(|error| CheckoutError::Invalid(format!("locking {}: {error}", file.display())))
}

/// The real host of what may be an alias in the user's ssh configuration.
fn resolve(shell: &Shell, host: &str) -> String {
    let settings = shell.capture(&Command::new("ssh", ["-G", host]));
    let resolved = settings.ok().and_then(|output| known_hosts::from_ssh_settings(&output));
    resolved.unwrap_or_else(|| known_hosts::without_alias_suffix(host).to_owned())
}

/// The host's keys. A host that is starting may need a moment.
fn scan(shell: &Shell, host: &str) -> Result<String, CheckoutError> {
    let arguments = known_hosts::keyscan_arguments(host);
    let program = os::keyscan_program(shell).ok_or_else(|| {
        CheckoutError::Invalid("could not `ssh-keyscan`: unable to find ssh-keyscan".to_owned())
    })?;
    let words: Vec<_> =
        arguments.iter().map(|word| if word == "-p" { word.clone() } else { format!("{word:?}") }).collect();
    let line = format!("ssh-keyscan {}", words.join(" "));
    let mut last = String::new();
    for attempt in Policy::KEYSCAN.tries(random) {
        let said = match shell.capture(&Command::new(&program, &arguments)) {
            Ok(keys) if !keys.is_empty() => return Ok(keys),
            Ok(_) => {
                last = "it returned nothing".to_owned();
                "returned nothing"
            }
            Err(error) => {
                last = error.to_string();
                "failed"
            }
        };
        shell.log().warning(format_args!("`{line}` {said} ({attempt})"));
        if !attempt.is_last() {
            pause(shell, attempt.pause)?;
        }
    }
    Err(CheckoutError::Invalid(format!("could not `ssh-keyscan`: {last}")))
}
