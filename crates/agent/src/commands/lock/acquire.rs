//! `lock acquire`.

use super::pacing::{WaitOptions, until};
use super::{LockOptions, exactly, swap};
use crate::cli::{Command, Context};
use crate::failure::Failure;
use crate::options::GlobalOptions;

const WHAT: &str = "could not acquire lock";

/// Wait for a lock of this machine, take it, and print the token that releases it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    global: GlobalOptions,
    #[command(flatten)]
    lock: LockOptions,
    #[command(flatten)]
    wait: WaitOptions,

    /// The lock's name
    key: Vec<String>,
}

impl Command for Args {
    fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let [key] = exactly(cx, self.key)?;
        let locks = self.lock.locks()?;
        let token = token()?;
        until(&self.wait, WHAT, || Ok(swap(&locks, WHAT, &key, "", &token)?.swapped.then_some(())))?;
        Ok(cx.out.line(&token)?)
    }
}

/// Who holds the lock, and what nobody else can guess.
fn token() -> Result<String, Failure> {
    let mut otp = [0_u8; 16];
    getrandom::fill(&mut otp).map_err(|error| Failure::new(format!("{WHAT}: {error}")))?;
    Ok(format!("acquired(pid={},otp={})", std::process::id(), hex::encode(otp)))
}
