//! There is a repository in the checkout directory: the one that was there, or a new clone (spec/checkout.md §7).
use crate::alternates::{dissociate, reassociate};
use crate::classify::Operation;
use crate::command::{Args, Git, split_flags};
use crate::error::{CheckoutError, During};
use crate::flags::has_filter;
use crate::origin::reconcile;
use crate::remote_mirror::{self, Cloned, MirrorSite, RemoteMirror};
use crate::settings::{MirrorMode, Settings};
use crate::sparse::Sparse;
use redkite_shell::Shell;
use redkite_telemetry::SpanStart;
use std::ffi::OsString;
use std::path::Path;

/// What a repository is prepared with.
pub(crate) struct Preparation<'a> {
    pub(crate) shell: &'a Shell,
    pub(crate) settings: &'a Settings,
    pub(crate) mirror: Option<&'a Path>,
    pub(crate) sparse: Option<&'a Sparse>,
}

impl Preparation<'_> {
    /// Gets the repository in `checkout`, which is the current directory, ready for a fetch.
    pub(crate) fn run(&self, checkout: &Path, remote: &mut RemoteMirror) -> Result<(), CheckoutError> {
        let flags = split_flags("git-clone-flags", &self.settings.flags.clone)?;
        if checkout.join(".git").exists() {
            reconcile(self.shell, None, &self.settings.repository).during("setting origin")?;
            return self.adjust_alternates(checkout);
        }
        let flags = self.clone_flags(flags);
        self.shell.trace().within(self.clone_span(&flags), |_| self.clone(&flags, remote))
    }

    /// How a trace shows the clone (spec/checkout.md §21).
    fn clone_span(&self, flags: &[OsString]) -> SpanStart {
        let mode =
            self.mirror.and(self.settings.mirrors.as_ref()).map_or("none", |mirrors| mirrors.mode.name());
        let blobless = flags.iter().any(|flag| flag == "--filter=blob:none");
        SpanStart::step("git.clone")
            .with("git.mirror_mode", mode)
            .with("git.sparse", self.sparse.is_some().to_string())
            .with("git.blobless_filter", blobless.to_string())
    }

    fn clone(&self, flags: &[OsString], remote: &mut RemoteMirror) -> Result<(), CheckoutError> {
        if remote.is_due_at(MirrorSite::FreshClone)
            && remote_mirror::clone(self.shell, self.settings, remote, flags)? == Cloned::Yes
        {
            return Ok(());
        }
        let args = Args::new(["clone"]).and(flags.iter().cloned()).and([
            "--".as_ref(),
            self.settings.repository.as_os_str(),
            ".".as_ref(),
        ]);
        Git::new(self.shell).run_as(Operation::Clone, args).during("cloning git repository")
    }

    fn adjust_alternates(&self, checkout: &Path) -> Result<(), CheckoutError> {
        let Some(mirrors) = &self.settings.mirrors else { return Ok(()) };
        let (shell, mode) = (self.shell, mirrors.mode);
        match (self.mirror, mode) {
            (None, _) => dissociate(shell, checkout, mode).during("dissociating bypassed mirror"),
            (Some(_), MirrorMode::Dissociate) => {
                dissociate(shell, checkout, mode).during("dissociating existing reference clone")
            }
            (Some(mirror), MirrorMode::Reference) => {
                reassociate(shell, checkout, mirror, mode).during("reassociating existing clone")
            }
        }
    }

    /// The user's flags, and what mirrors and sparse checkouts need.
    fn clone_flags(&self, user: Vec<OsString>) -> Vec<OsString> {
        let mut flags = user.clone();
        if let (Some(mirror), Some(mirrors)) = (self.mirror, &self.settings.mirrors) {
            flags.extend(["--reference".into(), mirror.into()]);
            if mirrors.mode == MirrorMode::Dissociate {
                flags.push("--dissociate".into());
            }
        }
        if self.sparse.is_some() {
            self.unless_given("--sparse", user.iter().any(|flag| flag == "--sparse"), "--sparse", &mut flags);
            self.unless_given("--filter", has_filter(&user), "--filter=blob:none", &mut flags);
        }
        flags
    }

    fn unless_given(&self, option: &str, given: bool, flag: &str, flags: &mut Vec<OsString>) {
        if given {
            self.shell.log().comment(format_args!(
                "Sparse checkout is configured and BUILDKITE_GIT_CLONE_FLAGS already has {option}, which is kept as it is"
            ));
        } else {
            flags.push(flag.into());
        }
    }
}
