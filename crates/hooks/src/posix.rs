//! The wrapper of hooks that POSIX shells source (spec/job.md §8.5).

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::capture::{DIRECTORY, STATUS};
use crate::wrapper::Wrapper;

/// The places that a wrapper names, as its shell writes them.
pub(crate) struct Places {
    /// The hook.
    pub(crate) hook: OsString,
    /// The program whose `env dump` is used where the shell cannot tell its own exports.
    pub(crate) agent: OsString,
    /// Where the exports before the hook go.
    pub(crate) before: OsString,
    /// Where the exports after the hook go.
    pub(crate) after: OsString,
    /// Where the names of exported functions go.
    pub(crate) functions: OsString,
}

impl Places {
    /// Those of a hook and its wrapper, as `written` writes each.
    pub(crate) fn of(
        wrapper: &Wrapper,
        agent: &Path,
        hook: &Path,
        written: impl Fn(&Path) -> OsString,
    ) -> Self {
        Self {
            hook: written(hook),
            agent: written(agent),
            before: written(&wrapper.before),
            after: written(&wrapper.after),
            functions: written(&wrapper.functions),
        }
    }
}

/// The wrapper. The shebang comes first, so that its options hold for the whole; paths stand between double
/// quotes as they are.
pub(crate) fn script(shebang: Option<&OsStr>, places: &Places) -> OsString {
    let shebang = shebang.map(|line| redkite_text::join([line, OsStr::new("")], "\n")).unwrap_or_default();
    let status = format!(
        "export {STATUS}=$?\n\
         export {DIRECTORY}=\"${{PWD}}\"\n"
    );
    let exit = format!("exit ${STATUS}\n");
    let (before, after) = (dump(places, &places.before), dump(places, &places.after));
    let hook = &places.hook;
    text(&[&shebang, &before, &". \"", hook, &"\"\n", &status, &after, &exit])
}

fn text(pieces: &[&dyn AsRef<OsStr>]) -> OsString {
    redkite_text::join(pieces, "")
}

/// Writes the exports to a file. bash can do that without starting another program, in a form that
/// [`declarations`](crate::declarations) reads, unless functions are exported. `builtin` because a hook may have
/// functions of these names. `>>` because of `noclobber`, and because file systems write a file to the disk at once
/// when it was truncated before (ext4's `auto_da_alloc`), which its removal then waits for.
fn dump(places: &Places, file: &OsStr) -> OsString {
    let Places { agent, functions, .. } = places;
    text(&[
        &"if [ -n \"${BASH_VERSION-}\" ] && builtin declare -Fx >>\"",
        functions,
        &"\" && ! [ -s \"",
        functions,
        &"\" ] && builtin export -p >>\"",
        &file,
        &"\"; then :; else \"",
        agent,
        &"\" env dump --format nul >>\"",
        &file,
        &"\"; fi\n",
    ])
}
