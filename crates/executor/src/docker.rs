//! Commands in containers, as old pipelines ask for them with variables (spec/job.md §20).

use std::ffi::{OsStr, OsString};

use redkite_shell::{Command, Env, RunError, Shell};

use crate::command::CommandEnd;
use crate::error::PhaseError;

/// Which container the default command runs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// A service of a compose file.
    Compose {
        /// Its name.
        service: OsString,
    },
    /// Built from a Dockerfile.
    Built,
    /// Variables that mean nothing without the one that they lack.
    Incomplete {
        /// The variable that is there, where a word about it helps.
        variable: Option<&'static str>,
    },
}

const SERVICE: &str = "BUILDKITE_DOCKER_COMPOSE_CONTAINER";
const BUILT: &str = "BUILDKITE_DOCKER";
const COMPOSE_FILE: &str = "BUILDKITE_DOCKER_COMPOSE_FILE";
const BUILD_ALL: &str = "BUILDKITE_DOCKER_COMPOSE_BUILD_ALL";
const LEAVE_VOLUMES: &str = "BUILDKITE_DOCKER_COMPOSE_LEAVE_VOLUMES";
const DOCKERFILE: &str = "BUILDKITE_DOCKER_FILE";

impl Container {
    /// The container that a job's environment asks for, if it does.
    pub(crate) fn of(env: &Env) -> Option<Self> {
        if let Some(service) = env.get(SERVICE) {
            return Some(Self::Compose { service: service.to_owned() });
        }
        if env.contains(BUILT) {
            return Some(Self::Built);
        }
        let dependent = [COMPOSE_FILE, BUILD_ALL, LEAVE_VOLUMES].into_iter().find(|name| env.contains(name));
        let any = dependent.is_some() || env.contains(DOCKERFILE);
        any.then_some(Self::Incomplete { variable: dependent })
    }

    /// Runs `command`, one text, in it.
    pub(crate) fn run(&self, shell: &Shell, job: &str, command: &OsStr) -> CommandEnd {
        let result = match self {
            Self::Incomplete { variable } => {
                if let Some(variable) = variable {
                    shell.log().warning(format_args!(
                        "{variable} is set, but {SERVICE}, without which it means nothing, is not: it can be removed"
                    ));
                }
                return CommandEnd::Impossible { text: "failed to find any docker env".into() };
            }
            Self::Compose { service } => run_composed(shell, job, service, command),
            Self::Built => run_built(shell, job, command),
        };
        CommandEnd::of_run(command, result)
    }
}

fn deprecated(shell: &Shell, variable: &str, plugin: &str) {
    shell.log().warning(format_args!(
        "{variable} is deprecated and will be removed in a future version: use the {plugin} plugin instead \
         (https://github.com/buildkite-plugins/{plugin}-buildkite-plugin)"
    ));
}

fn run_composed(shell: &Shell, job: &str, service: &OsStr, command: &OsStr) -> Result<(), RunError> {
    deprecated(shell, SERVICE, "docker-compose");
    let project = format!("buildkite{}", job.replace('-', ""));
    shell.set("COMPOSE_PROJ_NAME", project.as_str());
    shell.log().header(":docker: Building Docker images");
    let all = is_truthy(&shell.env().text(BUILD_ALL));
    let built = Some(service).filter(|_| !all);
    shell.run(&compose(shell, &project, ["build", "--pull"].map(OsStr::new).into_iter().chain(built)))?;
    shell.log().header(":docker: Running command (in Docker Compose container)");
    shell.run(&compose(shell, &project, ["run".as_ref(), service, command]))
}

fn compose<T: AsRef<OsStr>>(shell: &Shell, project: &str, words: impl IntoIterator<Item = T>) -> Command {
    let env = shell.env();
    let files = Some(env.value(COMPOSE_FILE)).filter(|files| !files.is_empty());
    let files = files.unwrap_or("docker-compose.yml".as_ref()).as_encoded_bytes();
    let files = files.split(|byte| b" \t\n:".contains(byte)).filter(|file| !file.is_empty());
    let files = files.flat_map(|file| ["-f".into(), redkite_text::from_bytes(file)]);
    let verbose = Some("--verbose").filter(|_| is_truthy(&env.text("BUILDKITE_AGENT_DEBUG")));
    let options = ["-p", project].into_iter().chain(verbose).map(OsString::from);
    let words = words.into_iter().map(|word| word.as_ref().to_owned());
    Command::new("docker-compose", files.chain(options).chain(words))
}

fn run_built(shell: &Shell, job: &str, command: &OsStr) -> Result<(), RunError> {
    deprecated(shell, BUILT, "docker");
    let (container, image) = (format!("buildkite_{job}_container"), format!("buildkite_{job}_image"));
    shell.set("DOCKER_CONTAINER", container.as_str());
    shell.set("DOCKER_IMAGE", image.as_str());
    let file = shell.get(DOCKERFILE).filter(|file| !file.is_empty()).unwrap_or_else(|| "Dockerfile".into());
    shell.log().header(format_args!(":docker: Building Docker image {image}"));
    shell.run(&Command::new(
        "docker",
        ["build".as_ref(), "-f".as_ref(), file.as_os_str(), "-t".as_ref(), image.as_ref(), ".".as_ref()],
    ))?;
    shell.log().header(":docker: Running command (in Docker container)");
    shell.run(&Command::new(
        "docker",
        ["run".as_ref(), "--name".as_ref(), container.as_ref(), image.as_ref(), command],
    ))
}

/// Whether there are variables of containers, so that teardown is theirs.
pub(crate) fn is_used(env: &Env) -> bool {
    Container::of(env).is_some()
}

/// Removes what a job's containers have left; only the last command can fail it.
pub(crate) fn clean_up(shell: &Shell) -> Result<(), PhaseError> {
    let container = shell.get("DOCKER_CONTAINER");
    let project = shell.get("COMPOSE_PROJ_NAME").map(redkite_text::into_shown);
    let heading = || shell.log().header("Cleaning up Docker containers");
    let last = match (container, project) {
        (Some(container), _) => {
            heading();
            shell.run(&Command::new(
                "docker",
                ["rm".as_ref(), "-f".as_ref(), "-v".as_ref(), container.as_os_str()],
            ))
        }
        (None, Some(project)) => {
            heading();
            let keep = is_truthy(&shell.env().text(LEAVE_VOLUMES));
            let volumes = Some("-v").filter(|_| !keep);
            // What is gone already is as good as removed.
            let _ = shell.run(&compose(shell, &project, ["kill"]));
            let removal = ["rm", "--force", "--all"].into_iter().chain(volumes);
            let _ = shell.run(&compose(shell, &project, removal));
            shell.run(&compose(shell, &project, ["down"]))
        }
        (None, None) => Ok(()),
    };
    last.map_err(PhaseError::Command)
}

fn is_truthy(text: &str) -> bool {
    ["on", "1", "enabled", "true"].contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_ask_for_containers() {
        let check = |entries: &[(&str, &str)], expected: Option<Container>| {
            assert_eq!(Container::of(&entries.iter().copied().collect()), expected);
        };
        let compose = Container::Compose { service: "app".into() };
        check(&[], None);
        check(&[(SERVICE, "app"), (BUILT, "")], Some(compose));
        check(&[(BUILT, "")], Some(Container::Built));
        check(&[(COMPOSE_FILE, "x")], Some(Container::Incomplete { variable: Some(COMPOSE_FILE) }));
        check(&[(DOCKERFILE, "x")], Some(Container::Incomplete { variable: None }));
    }
}
