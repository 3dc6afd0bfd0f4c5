//! The wrapper of hooks that PowerShell sources (spec/job.md §23).

use std::ffi::OsString;

use crate::capture::{DIRECTORY, STATUS};
use crate::posix::Places;

/// Whether a hook without a first line that names another shell is PowerShell's.
pub(crate) fn is_script(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ps1"))
}

/// The wrapper.
pub(crate) fn script(places: &Places) -> OsString {
    // PowerShell's text is UTF-16: it could not be told of other bytes.
    let [hook, agent, before, after] =
        [&places.hook, &places.agent, &places.before, &places.after].map(|place| redkite_text::shown(place));
    format!(
        "$ErrorActionPreference = \"STOP\"\n\
         & \"{agent}\" env dump | Set-Content \"{before}\"\n\
         . \"{hook}\"\n\
         if ($LASTEXITCODE -eq $null) {{$Env:{STATUS} = 0}} else {{$Env:{STATUS} = $LASTEXITCODE}}\n\
         $Env:{DIRECTORY} = $PWD | Select-Object -ExpandProperty Path\n\
         & \"{agent}\" env dump | Set-Content \"{after}\"\n\
         exit $Env:{STATUS}\n"
    )
    .into()
}
