//! The wrapper of hooks that POSIX shells source (spec/job.md §8.5).

use std::path::Path;

use crate::capture::{DIRECTORY, STATUS};
use crate::wrapper::Wrapper;

/// The places that a wrapper names, as its shell writes them.
pub(crate) struct Places {
    /// The hook.
    pub(crate) hook: String,
    /// The program whose `env dump` is used where the shell cannot tell its own exports.
    pub(crate) agent: String,
    /// Where the exports before the hook go.
    pub(crate) before: String,
    /// Where the exports after the hook go.
    pub(crate) after: String,
    /// Where the names of exported functions go.
    pub(crate) functions: String,
}

impl Places {
    /// Those of a hook and its wrapper, each as `shown` writes it.
    pub(crate) fn of(wrapper: &Wrapper, agent: &Path, hook: &Path, shown: impl Fn(&Path) -> String) -> Self {
        Self {
            hook: shown(hook),
            agent: shown(agent),
            before: shown(&wrapper.before),
            after: shown(&wrapper.after),
            functions: shown(&wrapper.functions),
        }
    }
}

/// The wrapper. The shebang comes first, so that its options hold for the whole; paths stand between double
/// quotes as they are.
pub(crate) fn script(shebang: Option<&str>, places: &Places) -> String {
    let shebang = shebang.map(|line| format!("{line}\n")).unwrap_or_default();
    let Places { hook, before, after, .. } = places;
    format!(
        "{shebang}\
         {}\n\
         . \"{hook}\"\n\
         export {STATUS}=$?\n\
         export {DIRECTORY}=\"${{PWD}}\"\n\
         {}\n\
         exit ${STATUS}\n",
        dump(places, before),
        dump(places, after),
    )
}

/// Writes the exports to a file. bash can do that without starting another program, in a form that
/// [`declarations`](crate::declarations) reads, unless functions are exported. `builtin` because a hook may have
/// functions of these names. `>>` because of `noclobber`, and because file systems write a file to the disk at once
/// when it was truncated before (ext4's `auto_da_alloc`), which its removal then waits for.
fn dump(places: &Places, file: &str) -> String {
    let Places { agent, functions, .. } = places;
    format!(
        "if [ -n \"${{BASH_VERSION-}}\" ] && builtin declare -Fx >>\"{functions}\" && ! [ -s \"{functions}\" ] && \
         builtin export -p >>\"{file}\"; then :; else \"{agent}\" env dump >>\"{file}\"; fi"
    )
}
