//! `lock get`.

use super::{LockOptions, exactly};
use crate::cli::{Command, Context};
use crate::failure::{Failure, OrFail};
use crate::options::GlobalOptions;

/// Print the state of a lock; an empty line if nobody has used it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    lock: LockOptions,

    /// The lock's name
    key: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let [key] = exactly(cx, self.key)?;
        let value = self.lock.locks()?.get(&key).or_fail("couldn't get lock state")?;
        Ok(cx.out.line(&value)?)
    }
}
