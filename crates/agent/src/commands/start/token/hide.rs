//! Replaces this program by itself when its command line or environment shows the token: what
//! `/proc/PID/cmdline` and `/proc/PID/environ` say can't be taken back otherwise.

use std::ffi::{OsStr, OsString};
use std::io;

use super::{is_reference, os};
use crate::environment::Environment;

/// The variable of the token.
const VARIABLE: &str = "BUILDKITE_AGENT_TOKEN";

/// What has to be done.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// The token to hand on; without one the variable is dropped, and that is all.
    secret: Option<String>,
}

/// Makes the token invisible. Returns when there is nothing to hide, or when it could not be hidden.
pub(in super::super) fn hide(environment: &Environment) {
    if std::env::consts::FAMILY != "unix" {
        return;
    }
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Some(plan) = plan(&args, environment.get(VARIABLE).as_deref()) else { return };
    let error = restart(&plan, &args, environment);
    tracing::warn!("The token can be seen in this process's arguments or environment: {error}");
}

fn restart(plan: &Plan, args: &[OsString], environment: &Environment) -> io::Error {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return error,
    };
    let env: Vec<_> = environment
        .iter()
        .filter(|(name, _)| *name != VARIABLE)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let Some(secret) = &plan.secret else { return redkite_process::replace(&program, args, &env) };
    match os::inherited_pipe(secret) {
        // The pipe must stay open until this program is gone.
        Ok((_pipe, number)) => redkite_process::replace(&program, &referring(args, number), &env),
        Err(error) => error,
    }
}

/// What there is to hide in these arguments and this variable.
fn plan(args: &[OsString], variable: Option<&str>) -> Option<Plan> {
    let is_plain = |token: &&str| !token.is_empty() && !is_reference(token);
    let typed = tokens(args).last().and_then(|place| place.value(args));
    let variable = variable.filter(is_plain);
    let typed_plain = typed.as_deref().filter(is_plain);
    if typed_plain.is_none() && variable.is_none() {
        return None;
    }
    let secret = match (&typed, typed_plain) {
        (Some(_), plain) => plain,
        (None, _) => variable,
    };
    Some(Plan { secret: secret.map(str::to_owned) })
}

/// Where a token is on the command line.
#[derive(Clone, Copy)]
enum Place {
    /// `--token=VALUE`.
    Attached(usize),
    /// `--token VALUE`: this is the value.
    Apart(usize),
}

impl Place {
    fn value(self, args: &[OsString]) -> Option<String> {
        let text = |index: usize| args[index].to_string_lossy().into_owned();
        match self {
            Self::Attached(index) => text(index).split_once('=').map(|(_, value)| value.to_owned()),
            Self::Apart(index) => Some(text(index)),
        }
    }
}

fn tokens(args: &[OsString]) -> impl Iterator<Item = Place> {
    args.iter().enumerate().filter_map(|(index, arg)| {
        let text = arg.to_string_lossy();
        if text.starts_with("-token=") || text.starts_with("--token=") {
            return Some(Place::Attached(index));
        }
        let is_flag = arg == OsStr::new("-token") || arg == OsStr::new("--token");
        (is_flag && index + 1 < args.len()).then_some(Place::Apart(index + 1))
    })
}

/// The arguments with every token replaced by a reference to a descriptor.
fn referring(args: &[OsString], number: u32) -> Vec<OsString> {
    let reference = format!("fd://{number}");
    let mut args = args.to_vec();
    let places: Vec<_> = tokens(&args).collect();
    if places.is_empty() {
        args.extend(["--token".into(), reference.clone().into()]);
    }
    for place in places {
        match place {
            Place::Attached(index) => args[index] = format!("--token={reference}").into(),
            Place::Apart(index) => args[index] = reference.clone().into(),
        }
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    /// The secret that is handed on; `-` drops the variable only, an empty text does nothing.
    fn check(words: &[&str], variable: Option<&str>, expected: &str) {
        let plan = plan(&args(words), variable);
        let seen = plan.map_or_else(String::new, |plan| plan.secret.unwrap_or_else(|| "-".to_owned()));
        assert_eq!(seen, expected, "{words:?} {variable:?}");
    }

    #[test]
    fn the_command_line_beats_the_variable() {
        check(&["start"], None, "");
        check(&["start"], Some("v"), "v");
        check(&["start"], Some(""), "");
        check(&["start"], Some("file:///x"), "");
        check(&["start", "--token", "a"], Some("v"), "a");
        check(&["start", "-token=a", "--token", "b"], None, "b");
        check(&["start", "--token"], Some("v"), "v");
        check(&["start", "--token", "fd://3"], None, "");
        check(&["start", "--token", "fd://3"], Some("v"), "-");
        check(&["start", "--token="], Some("v"), "-");
    }

    #[test]
    fn every_token_becomes_a_reference() {
        let seen = referring(&args(&["start", "--token", "a", "-token=b", "--x"]), 7);
        assert_eq!(seen, args(&["start", "--token", "fd://7", "--token=fd://7", "--x"]));
        assert_eq!(referring(&args(&["start"]), 7), args(&["start", "--token", "fd://7"]));
    }
}
