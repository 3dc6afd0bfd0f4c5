//! `lock …`: locks and do-once blocks that the jobs on one machine share (docs/spec/local-apis.md §6).

pub(crate) mod acquire;
pub(crate) mod do_once;
pub(crate) mod done;
pub(crate) mod get;
mod pacing;
pub(crate) mod release;

use redkite_local::Locks;

use crate::cli::Context;
use crate::failure::{Failure, chain};
use crate::options::SocketOptions;

/// A do-once block that somebody is in.
const DOING: &str = "doing";
/// A do-once block that is finished.
const DONE: &str = "done";

/// Where the locks are.
#[derive(Debug, clap::Args)]
pub(crate) struct LockOptions {
    /// Among whom it holds: machine
    #[arg(long, env = "BUILDKITE_LOCK_SCOPE", default_value = "machine")]
    lock_scope: String,

    #[command(flatten)]
    sockets: SocketOptions,
}

impl LockOptions {
    fn locks(&self) -> Result<Locks, Failure> {
        if self.lock_scope != "machine" {
            return Err(Failure::new("only 'machine' scope for locks is supported in this version"));
        }
        Locks::of_leader(self.sockets.sockets_path.path().unwrap_or(".".as_ref())).map_err(|error| {
            Failure::new(format!(
                "could not connect to Agent API: {}\n\
                 This command needs an agent on this machine that runs with the experiment agent-api\n\
                 and has the same sockets path",
                chain(&error)
            ))
        })
    }
}

/// The arguments, if there are as many as there must be; else the help goes to standard error.
fn exactly<const N: usize>(cx: &Context, arguments: Vec<String>) -> Result<[String; N], Failure> {
    arguments.try_into().map_err(|_| Failure::Page(cx.page().trim_end().to_owned()))
}

/// A lock in a state that the command can't come from.
fn invalid(what: &str, value: &str) -> Failure {
    Failure::new(format!("{what}: invalid lock state {value:?}"))
}

/// A swap that could not be made.
fn swap(
    locks: &Locks,
    what: &str,
    key: &str,
    old: &str,
    new: &str,
) -> Result<redkite_local::Swapped, Failure> {
    let swapped = locks.compare_and_swap(key, old, new);
    swapped.map_err(|error| Failure::new(format!("{what}: cas: {}", chain(&error))))
}
