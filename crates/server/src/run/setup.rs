//! Everything before the first job: from what was said to a build on a running control plane.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use redkite_pipeline::Variables;
use redkite_process::Cancel;
use redkite_scheduler::Source as BuildSource;
use thiserror::Error;

use super::agents::{AgentsError, Programs};
use super::args::Args;
use super::definition::{Definition, DefinitionError, Draft, FindError, Given, MissingKeys, Wishes, find};
use super::environment::Environment;
use super::event::{BuildInfo, Level, Notice, Source};
use super::folder::{Folder, FolderError, NoStateFolder, RunFolder, default_data};
use super::repository::{Git, GitError, Repository, Snapshot, SnapshotError, Wanted, submodule_settings};
use crate::plane::{
    BuildView, Config, ControlPlane, Handle, Interpolation, NewBuild, Patience, Placement, PlaneError,
    References, Rhythm, Running, StartError,
};

/// Agents ask for work often: nobody else uses this plane.
const RHYTHM: Rhythm = Rhythm { ping: 1, job_status: 1, heartbeat: 5 };
/// Agents of a run that was killed are gone for certain.
const LOST: Duration = Duration::from_secs(20);
/// Builds looked through for those that a killed run left unfinished.
const RECENT: u32 = 100;

/// Why a run did not start.
#[derive(Debug, Error)]
pub(crate) enum SetupError {
    /// Where we are can't be found out.
    #[error("finding the current directory")]
    Here(#[source] io::Error),
    /// Our own program can't be found.
    #[error("finding this program's own file")]
    Program(#[source] io::Error),
    /// There is no repository to build.
    #[error("{here} is not inside the working tree of a git repository")]
    Repository {
        /// The current directory.
        here: PathBuf,
        /// What git says.
        source: GitError,
    },
    /// Git is missing.
    #[error(transparent)]
    Git(#[from] GitError),
    /// There is no pipeline.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The pipeline is wrong.
    #[error(transparent)]
    Definition(#[from] DefinitionError),
    /// There are no agents.
    #[error(transparent)]
    Agents(#[from] AgentsError),
    /// There is no place for data.
    #[error(transparent)]
    NoStateFolder(#[from] NoStateFolder),
    /// A folder can't be made.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The control plane did not start.
    #[error("the control plane could not start")]
    Start(#[from] StartError),
    /// The commit or working tree can't be copied.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The control plane did not take the build.
    #[error("{name}")]
    Build {
        /// The pipeline file.
        name: String,
        /// Why not.
        source: PlaneError,
    },
    /// The control plane failed.
    #[error("asking the control plane")]
    Plane(#[from] PlaneError),
    /// The system refused something.
    #[error("preparing the run")]
    Prepare(#[source] io::Error),
}

/// What is known before anything was written.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) args: Args,
    pub(crate) env: Environment,
    pub(crate) programs: Programs,
    pub(crate) data: PathBuf,
    pub(crate) agents: NonZeroU32,
    repository: Repository,
    draft: Draft,
    name: String,
}

/// A build that was made, on a plane that runs.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) build: BuildView,
    pub(crate) info: BuildInfo,
    pub(crate) folder: RunFolder,
    /// The environment of its jobs.
    pub(crate) env: Environment,
    pub(crate) notices: Vec<Notice>,
}

impl Plan {
    /// Finds out what to build and with what. Writes nothing.
    pub(crate) fn make(args: Args, env: Environment) -> Result<Self, SetupError> {
        let here = std::env::current_dir().map_err(SetupError::Here)?;
        let git = Git::new(env.clone(), &here, Cancel::new())?;
        let around = Repository::around(&git);
        let repository = around.map_err(|source| SetupError::Repository { here: here.clone(), source })?;
        let found = find(args.pipeline.as_deref(), &here, &repository.top, Given::from_standard_input)?;
        let draft = Draft::parse(&found)?;
        let program = std::env::current_exe().map_err(SetupError::Program)?;
        let programs = Programs::find(&program, &env)?;
        let data = match &args.data {
            Some(data) => here.join(data),
            None => default_data(&env)?,
        };
        let cores =
            || std::thread::available_parallelism().ok().and_then(|cores| u32::try_from(cores.get()).ok());
        let agents = args.agents.or_else(|| cores().and_then(NonZeroU32::new)).unwrap_or(NonZeroU32::MIN);
        Ok(Self { args, env, programs, data, agents, repository, draft, name: found.name })
    }

    /// Takes the data folder and starts the control plane in it.
    pub(crate) async fn start_plane(&self) -> Result<Running, SetupError> {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = Config {
            rhythm: RHYTHM,
            patience: Patience { lost: LOST },
            placement: Placement::Anywhere,
            ..Config::new(loopback, self.data.clone())
        };
        let running = ControlPlane::start(config).await?;
        end_leftovers(&running.handle).await?;
        Ok(running)
    }

    /// Copies what is to be built and makes the build.
    pub(crate) async fn begin(&self, plane: &Handle) -> Result<Begun, SetupError> {
        // The folder exists now; a link in its path must not hide that it is inside the repository.
        let data = self.data.canonicalize().map_err(SetupError::Prepare)?;
        let folder = Folder::new(&data);
        if data.starts_with(&self.repository.top) {
            folder.hide_from_git()?;
        }
        let source = if self.args.dirty { Source::WorkingTree } else { Source::Commit };
        let wanted = Wanted { source, branch: self.args.branch.clone(), without: data.clone() };
        let snapshot = Snapshot::take(&self.repository, &wanted, &folder.repositories())?;
        let env = self.env.clone().with_git_settings(submodule_settings(&self.repository, &snapshot)?);
        let slug = slug(&self.repository.name());
        let message = self.args.message.clone().unwrap_or_else(|| snapshot.message.clone());
        let definition = self.definition(&snapshot, &slug, &message, next_number(plane, &slug).await?)?;
        let new = self.new_build(&snapshot, &definition, &slug, &message);
        let refused = |source| SetupError::Build { name: self.name.clone(), source };
        let build = plane.create_build(new).await.map_err(refused)?;
        let run = folder.run(&slug, build.summary.number)?;
        let info = BuildInfo {
            id: build.summary.id.to_string(),
            number: build.summary.number,
            pipeline: slug,
            branch: snapshot.branch,
            commit: snapshot.commit,
            message,
            source: snapshot.source,
            folder: run.root.display().to_string(),
        };
        let warn = |message| Notice { level: Level::Warning, message };
        let notices = definition.warnings.into_iter().map(warn).collect();
        Ok(Begun { build, info, folder: run, env, notices })
    }

    fn definition(
        &self,
        snapshot: &Snapshot,
        slug: &str,
        message: &str,
        number: u64,
    ) -> Result<Definition, SetupError> {
        let mut variables = Variables::none();
        // The jobs inherit this environment too, less what another Buildkite job around us has set.
        let inherited = self.env.text().filter(|(name, _)| !name.starts_with("BUILDKITE"));
        inherited.for_each(|(name, value)| variables.set(name, value.to_owned()));
        for (name, value) in self.known(snapshot, slug, message, number) {
            variables.set(name, value);
        }
        self.args.env.iter().for_each(|(name, value)| variables.set(name, value.clone()));
        let home = self.env.value("HOME").and_then(|home| home.to_str()).unwrap_or_default();
        let missing_keys =
            if self.args.allow_missing_keys { MissingKeys::Allow } else { MissingKeys::Refuse };
        let wishes = Wishes { steps: &self.args.steps, unblock: &self.args.unblock, missing_keys };
        let pull_request =
            self.args.env.iter().find(|(name, _)| name == "BUILDKITE_PULL_REQUEST_BASE_BRANCH");
        let base = pull_request.map(|(_, branch)| branch.as_str()).filter(|branch| !branch.is_empty());
        let changed = || snapshot.changed_files(&self.repository, base);
        Ok(self.draft.clone().complete(&mut variables, home, changed, &wishes)?)
    }

    /// What is known of the build before it exists, under the names that jobs know it by.
    fn known(
        &self,
        snapshot: &Snapshot,
        slug: &str,
        message: &str,
        number: u64,
    ) -> [(&'static str, String); 13] {
        [
            ("BUILDKITE", "true".to_owned()),
            ("CI", "true".to_owned()),
            ("BUILDKITE_ORGANIZATION_SLUG", crate::engine::ORGANIZATION.to_owned()),
            ("BUILDKITE_PIPELINE_SLUG", slug.to_owned()),
            ("BUILDKITE_PIPELINE_NAME", slug.to_owned()),
            ("BUILDKITE_PIPELINE_PROVIDER", "git".to_owned()),
            ("BUILDKITE_REPO", snapshot.path.display().to_string()),
            ("BUILDKITE_BRANCH", snapshot.branch.clone()),
            ("BUILDKITE_COMMIT", snapshot.commit.clone()),
            ("BUILDKITE_MESSAGE", message.to_owned()),
            ("BUILDKITE_BUILD_NUMBER", number.to_string()),
            ("BUILDKITE_TAG", String::new()),
            ("BUILDKITE_PULL_REQUEST", "false".to_owned()),
        ]
    }

    fn new_build(&self, snapshot: &Snapshot, definition: &Definition, slug: &str, message: &str) -> NewBuild {
        let (author, author_email) = snapshot.author.clone();
        NewBuild {
            pipeline: definition.document.to_string().into_bytes(),
            slug: slug.to_owned(),
            repository: snapshot.path.display().to_string(),
            branch: snapshot.branch.clone(),
            commit: snapshot.commit.clone(),
            message: message.to_owned(),
            env: self.args.env.iter().cloned().collect(),
            meta_data: self.args.meta_data.iter().cloned().collect(),
            author,
            author_email,
            source: BuildSource::Ui,
            references: References::MayCome,
            interpolation: Interpolation::Done,
        }
    }
}

/// Builds of a run that was killed: their agents are gone, and nobody waits for them.
async fn end_leftovers(plane: &Handle) -> Result<(), PlaneError> {
    for build in plane.builds(RECENT).await? {
        if !build.state.is_terminal() {
            // It may be ending already.
            drop(plane.cancel_build(build.id, Some("redkite was stopped".to_owned())).await);
        }
    }
    Ok(())
}

/// The number the next build gets: this process alone makes builds here.
async fn next_number(plane: &Handle, slug: &str) -> Result<u64, PlaneError> {
    let builds = plane.builds(u32::MAX).await?;
    let last = builds.iter().filter(|build| build.pipeline == slug).map(|build| build.number).max();
    Ok(last.unwrap_or(0) + 1)
}

/// A pipeline's slug from its name (spec/control-plane.md §2.2).
fn slug(name: &str) -> String {
    let words = name.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_lowercase();
    let cut: String = slug.chars().take(100).collect();
    if cut.is_empty() { "pipeline".to_owned() } else { cut.trim_end_matches('-').to_owned() }
}

/// Where the jobs' folders are.
pub(crate) fn folder(data: &Path) -> Result<Folder, SetupError> {
    Ok(Folder::new(&data.canonicalize().map_err(SetupError::Prepare)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs() {
        for (name, expected) in
            [("My_App", "my-app"), ("  a  ", "a"), ("日本", "pipeline"), ("v1.2 (old)", "v1-2-old")]
        {
            assert_eq!(slug(name), expected);
        }
    }
}
