//! What the checkout is told: the job's settings of the moment, in git's terms (spec/checkout.md §2).

use std::time::Duration;

use redkite_git::settings::{
    Flags, MirrorMode, Mirrors, PullRequestRef, RemoteMirrorSource, Settings, Source, SparseWish, Submodules,
    Verification,
};

use crate::job::Job;
use crate::settings::Part;

impl Job<'_> {
    pub(crate) fn git_settings(&self) -> Settings {
        let (live, fixed) = (&self.live, &self.settings);
        Settings {
            repository: live.repository.clone(),
            source: self.git_source(),
            flags: Flags {
                clone: live.clone_flags.clone(),
                fetch: live.fetch_flags.clone(),
                checkout: live.checkout_flags.clone(),
                clean: live.clean_flags.clone(),
                clone_mirror: live.clone_mirror_flags.clone(),
            },
            mirrors: self.mirrors(),
            remote_mirror: RemoteMirrorSource {
                url: fixed.checkout.remote_mirror_url.clone(),
                repository_at_start: fixed.live.repository.clone(),
                ..RemoteMirrorSource::default()
            },
            submodules: Submodules {
                enabled: live.submodules,
                configuration: live.submodule_configuration.clone(),
            },
            sparse: SparseWish { paths: live.sparse_paths.clone(), mode: live.sparse_mode.clone() },
            skip_fetch_existing: live.skip_fetch,
            lfs: live.lfs,
            ssh_key: live.ssh_key.clone(),
            verification: Verification::from_setting(&live.verification),
            keyscan: self.keyscan(),
            home: fixed.paths.home.clone(),
            clean: live.clean_checkout,
            attempts: u32::try_from(fixed.checkout.attempts).unwrap_or(0),
            timeout: seconds(live.checkout_timeout).filter(|limit| !limit.is_zero()),
            command_follows: fixed.parts.include(Part::Command),
            resolve_commit: fixed.experiments.resolve_commit,
            agent: fixed.paths.agent.clone(),
            pipeline: fixed.identity.pipeline.clone(),
        }
    }

    fn git_source(&self) -> Source {
        let source = &self.settings.source;
        Source {
            commit: source.commit.clone(),
            branch: source.branch.clone(),
            tag: source.tag.clone(),
            refspec: self.live.refspec.clone(),
            pull_request: source.pull_request.clone(),
            pull_request_ref: if source.pull_request_merge {
                PullRequestRef::Merge
            } else {
                PullRequestRef::Head
            },
            provider: source.provider.clone(),
        }
    }

    fn mirrors(&self) -> Option<Mirrors> {
        let fixed = &self.settings.checkout;
        let path = fixed.mirrors_path.clone();
        let mirrors = Mirrors {
            // It was checked at the start, and no hook can change it.
            mode: self.live.mirror_mode.parse().unwrap_or(MirrorMode::Reference),
            lock_timeout: seconds(fixed.mirrors_lock_timeout).unwrap_or_default(),
            skip_update: self.live.mirrors_skip_update,
            path,
        };
        Some(mirrors).filter(|mirrors| !mirrors.path.as_os_str().is_empty())
    }
}

fn seconds(number: i64) -> Option<Duration> {
    u64::try_from(number).ok().map(Duration::from_secs)
}
