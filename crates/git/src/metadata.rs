//! What was checked out is told to the control plane (spec/checkout.md §19).
use crate::command::{Args, Git};
use crate::error::{CheckoutError, During};
use redkite_shell::{RunError, Shell, WarningId};

const KEY: &str = "buildkite:git:commit";
const FORMAT: &str = "--format=commit %H%nabbrev-commit %h%nAuthor: %an <%ae>%n%n%w(0,4,4)%B";

/// The build's meta-data. What there is to say of the traffic goes into the shell's log.
pub trait MetaData {
    /// Whether there is a value of this key; an answer that doesn't come is a no.
    fn has_meta_data(&mut self, shell: &Shell, key: &str) -> bool;

    /// Sets a value.
    ///
    /// # Errors
    /// It could not be set.
    fn set_meta_data(&mut self, shell: &Shell, key: &str, value: String) -> Result<(), RunError>;
}

/// Sends the commit's description, unless the control plane has it. A failure is only a warning.
pub fn report(shell: &Shell, build: &mut dyn MetaData, commit: &str) {
    let log = shell.log();
    log.comment("Checking to see if git commit information needs to be sent to Buildkite...");
    if shell.env().value("BUILDKITE_COMMIT_RESOLVED") == "true" {
        log.comment("BUILDKITE_COMMIT is already resolved and meta-data populated, skipping");
        return;
    }
    if build.has_meta_data(shell, KEY) {
        log.comment("Git commit information has already been sent to Buildkite");
        return;
    }
    log.comment("Sending Git commit information back to Buildkite");
    if let Err(error) = send(shell, build, commit) {
        log.optional_warning(
            WarningId::GitCommitResolutionFailed,
            format_args!("Couldn't send commit information to Buildkite: {error}"),
        );
    }
}

fn send(shell: &Shell, build: &mut dyn MetaData, commit: &str) -> Result<(), CheckoutError> {
    let description = describe(shell, commit).during("getting git commit information")?;
    build.set_meta_data(shell, KEY, description).during("sending git commit information to Buildkite")
}

/// The commit's ids, author and message, in the form that the control plane reads.
fn describe(shell: &Shell, commit: &str) -> Result<String, CheckoutError> {
    let args = ["--no-pager", "log", "-1", commit, "-s", "--no-color", FORMAT];
    Ok(Git::new(shell).capture(Args::new(args))?)
}

/// Experiment `resolve-commit-after-checkout`: the job's variable becomes the commit that is there.
pub(crate) fn resolve(shell: &Shell) {
    let log = shell.log();
    log.comment("Using resolve-commit-after-checkout experiment 🧪");
    let commit = shell.env().text("BUILDKITE_COMMIT").into_owned();
    if commit.is_empty() {
        log.warning("BUILDKITE_COMMIT was empty");
        return;
    }
    match Git::new(shell).capture(Args::new(["rev-parse", &commit])) {
        Ok(resolved) if resolved == commit => {}
        Ok(resolved) => {
            log.comment(format_args!("Updating BUILDKITE_COMMIT from {commit:?} to {resolved:?}"));
            shell.set("BUILDKITE_COMMIT", resolved);
        }
        Err(error) => log.warning(format_args!("Error running git rev-parse {commit:?}: {error}")),
    }
}
