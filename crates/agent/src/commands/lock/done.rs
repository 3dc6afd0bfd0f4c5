//! `lock done`.

use super::{DOING, DONE, LockOptions, exactly, invalid, swap};
use crate::cli::{Command, Context};
use crate::failure::Failure;
use crate::options::GlobalOptions;

const WHAT: &str = "couldn't complete do-once lock";

/// End a block that lock do began
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    lock: LockOptions,

    /// The block's name
    key: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let [key] = exactly(cx, self.key)?;
        let swapped = swap(&self.lock.locks()?, WHAT, &key, DOING, DONE)?;
        if swapped.swapped { Ok(()) } else { Err(invalid(WHAT, &swapped.value)) }
    }
}
