//! `lock release`.

use super::{LockOptions, exactly, invalid, swap};
use crate::cli::{Command, Context};
use crate::failure::Failure;
use crate::options::GlobalOptions;

const WHAT: &str = "could not release lock";

/// Release a lock with the token that acquiring it printed
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    lock: LockOptions,

    /// The lock's name, and the token
    key: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let [key, token] = exactly(cx, self.key)?;
        let swapped = swap(&self.lock.locks()?, WHAT, &key, &token, "")?;
        match swapped.value.as_str() {
            _ if swapped.swapped => Ok(()),
            "" => Err(Failure::new(format!("{WHAT}: already unlocked"))),
            other => Err(invalid(WHAT, other)),
        }
    }
}
