//! What `bootstrap` asks of the machine that it runs on.

use super::own_commands::Agent;
use crate::cli::Context;
use crate::failure::Failure;

/// The job that the test suites of the reference use; only for it another program may stand in for this one.
const TEST_JOB: &str = "1111-1111-1111-1111";

/// This program, as the job's processes call it.
pub(super) fn agent_program(cx: &Context, job: &str) -> Result<Agent, Failure> {
    let other = cx.environment.value("BUILDKITE_OVERRIDE_SELF").filter(|program| !program.is_empty());
    match other {
        Some(program) if job == TEST_JOB => Ok(Agent::StandIn(program.into())),
        _ => {
            let own = std::env::current_exe().map(Agent::Own);
            own.map_err(|error| Failure::new(format!("finding this program: {error}")))
        }
    }
}

/// Whether `--git-sparse-checkout-mode` names one; empty means the default.
pub(super) fn check_sparse_mode(mode: &str) -> Result<(), Failure> {
    match mode {
        "" | "cone" | "no-cone" => Ok(()),
        _ => {
            Err(Failure::new(format!("invalid sparse checkout mode {mode:?}, must be one of [cone no-cone]")))
        }
    }
}

/// Whether `--trace-context-encoding` names one; empty means the default.
pub(super) fn check_trace_encoding(encoding: &str) -> Result<(), Failure> {
    match encoding {
        "" | "gob" | "json" => Ok(()),
        _ => {
            Err(Failure::new(format!("while parsing trace context encoding: invalid encoding {encoding:?}")))
        }
    }
}
