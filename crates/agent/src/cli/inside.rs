//! A command that runs inside this process, for a job that would otherwise run this program again.

use redkite_api::Halt;
use redkite_shell::Inside;

use super::context::Place;
use super::dispatch::{World, find, perform, unknown};
use super::help::PROGRAM;
use crate::failure::Failure;
use crate::logging::{Panics, begin_inside};
use crate::output::Output;
use crate::stdin::Input;

/// Runs a command of a group with the environment, directory, input and output of a child; its exit status. The
/// command must heed `halt`, and have no options that are paths: those are resolved against the process's directory.
pub(crate) fn run_inside(inside: Inside, halt: Halt, panics: Panics) -> i32 {
    let mut log = None;
    let (output, out) = (inside.output.clone(), || Output::Other(Box::new(inside.output.clone())));
    let world = World {
        out: out(),
        environment: inside.environment.into_iter().collect(),
        input: Input::Given(inside.input),
        place: Place::At(inside.directory),
        halt,
    };
    let mut words = inside.args.into_iter();
    let mut name = || redkite_text::into_shown(words.next().unwrap_or_default());
    let (group, name) = (name(), name());
    let result = match find(Some(&group), &name) {
        None => Err::<(), Failure>(unknown(&name, &format!("{PROGRAM} {group}"))),
        Some(entry) => perform(entry, words.collect(), world, |settings| {
            log = Some(begin_inside(settings, output.clone(), panics));
        }),
    };
    let status = result.map_or_else(|failure| failure.report_to(&mut out(), &mut output.clone()), |()| 0);
    drop(log);
    status.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Definition, Kind};

    #[test]
    fn what_jobs_run_inside_has_no_options_that_are_paths() {
        for (group, name) in [("artifact", "upload"), ("meta-data", "exists"), ("meta-data", "set")] {
            let definition = Definition::of(find(Some(group), name).expect("there is such a command"));
            let is_path = |kind| matches!(kind, Kind::FilePath | Kind::CommandPath);
            assert!(definition.flags.iter().all(|flag| !is_path(flag.kind)), "{group} {name}");
        }
    }
}
