//! `lock do`.

use super::pacing::{WaitOptions, until};
use super::{DOING, DONE, LockOptions, exactly, invalid, swap};
use crate::cli::{Command, Context};
use crate::failure::Failure;
use crate::options::GlobalOptions;

const WHAT: &str = "couldn't start do-once lock";

/// Enter a block that is to be run once on this machine
///
/// Prints do to the first who asks, who then runs the block and ends it with lock done. Everybody else waits until
/// then and gets done.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    lock: LockOptions,
    #[command(flatten)]
    wait: WaitOptions,

    /// The block's name
    key: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let [key] = exactly(cx, self.key)?;
        let locks = self.lock.locks()?;
        let answer = until(&self.wait, WHAT, || {
            let swapped = swap(&locks, WHAT, &key, "", DOING)?;
            match swapped.value.as_str() {
                _ if swapped.swapped => Ok(Some("do")),
                DONE => Ok(Some(DONE)),
                DOING | "" => Ok(None),
                other => Err(invalid(WHAT, other)),
            }
        })?;
        Ok(cx.out.line(answer)?)
    }
}
