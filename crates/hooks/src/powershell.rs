//! The wrapper of hooks that PowerShell sources (spec/job.md §23).

use crate::capture::{DIRECTORY, STATUS};
use crate::posix::Places;

/// Whether a hook without a first line that names another shell is PowerShell's.
pub(crate) fn is_script(path: &std::path::Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ps1"))
}

/// The wrapper.
pub(crate) fn script(places: &Places) -> String {
    let Places { hook, agent, before, after, .. } = places;
    format!(
        "$ErrorActionPreference = \"STOP\"\n\
         & \"{agent}\" env dump | Set-Content \"{before}\"\n\
         . \"{hook}\"\n\
         if ($LASTEXITCODE -eq $null) {{$Env:{STATUS} = 0}} else {{$Env:{STATUS} = $LASTEXITCODE}}\n\
         $Env:{DIRECTORY} = $PWD | Select-Object -ExpandProperty Path\n\
         & \"{agent}\" env dump | Set-Content \"{after}\"\n\
         exit $Env:{STATUS}\n"
    )
}
