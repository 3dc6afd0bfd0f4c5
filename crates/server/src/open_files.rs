//! How many files this process may have open: each connection is one, and the usual 1024 are soon gone.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as this process may; answers what it was, if that was less. Without the right to
/// do so it stays, and a control plane with few agents works all the same.
pub(crate) fn raise() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return None;
    }
    set(limit.maximum);
    limit.current
}

/// Gives back what was raised: programs that count on the usual limit are slow or fail with a higher one.
pub(crate) fn restore(usual: u64) {
    set(Some(usual));
}

fn set(current: Option<u64>) {
    let maximum = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current, maximum }) {
        tracing::warn!(%error, "the number of open files can't be set");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_and_given_back() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        let usual = maximum.map_or(1 << 20, |maximum| maximum - 1);
        restore(usual);
        assert_eq!(getrlimit(Resource::Nofile).current, Some(usual));
        assert_eq!(raise(), Some(usual));
        assert_eq!(getrlimit(Resource::Nofile).current, maximum);
        assert_eq!(raise(), None);
    }
}
