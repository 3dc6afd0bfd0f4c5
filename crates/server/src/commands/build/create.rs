//! `redkite build create`.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use redkite_scheduler::Source;

use super::super::{Failure, output};
use crate::admin::AdminClient;
use crate::pair::{key_value, name_value};
use crate::plane::{BuildView, Interpolation, NewBuild, References};

/// Make a build and start it. Prints pipeline/number and the build's id.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Args {
    /// The server's data folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// The pipeline file, YAML or JSON; - reads standard input
    #[arg(long, value_name = "FILE", default_value = ".buildkite/pipeline.yml")]
    pipeline: PathBuf,
    /// URL or path of the git repository that jobs check out
    #[arg(long, value_name = "URL")]
    repo: String,
    /// The name builds are numbered under; by default the last part of the repository's URL
    #[arg(long, value_name = "SLUG")]
    slug: Option<String>,
    /// The commit; HEAD is found by the first job
    #[arg(long, value_name = "COMMIT", default_value = "HEAD")]
    commit: String,
    /// The branch
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    branch: String,
    /// The build's message
    #[arg(long, value_name = "TEXT", default_value = "")]
    message: String,
    /// A variable for every job (may be repeated)
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = name_value)]
    env: Vec<(String, String)>,
    /// Meta-data the build starts with (may be repeated)
    #[arg(long = "meta-data", value_name = "KEY=VALUE", value_parser = key_value)]
    meta_data: Vec<(String, String)>,
    /// Print the build as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let server = AdminClient::connect(&args.data)?;
    let pipeline = read(&args.pipeline)?;
    let json = args.json;
    let build: BuildView = server.post("builds", &new_build(args, pipeline))?;
    if json {
        return output::json(&build);
    }
    output::line(format_args!("{}/{}  {}", build.summary.pipeline, build.summary.number, build.summary.id))
}

fn new_build(args: Args, pipeline: Vec<u8>) -> NewBuild {
    NewBuild {
        pipeline,
        slug: args.slug.unwrap_or_else(|| slug(&args.repo)),
        repository: args.repo,
        branch: args.branch,
        commit: args.commit,
        message: args.message,
        env: args.env.into_iter().collect(),
        meta_data: args.meta_data.into_iter().collect(),
        author: String::new(),
        author_email: String::new(),
        source: Source::Ui,
        references: References::MayCome,
        interpolation: Interpolation::ByPlane,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    bytes.map_err(|source| Failure::Read { path: path.to_path_buf(), source })
}

/// The last part of a repository's URL as a slug: every run of other characters becomes one `-`
/// (control-plane.md §2.2).
fn slug(repo: &str) -> String {
    let repo = repo.trim_end_matches('/');
    let last = repo.trim_end_matches(".git").rsplit(['/', ':']).next().unwrap_or_default();
    let words: Vec<_> =
        last.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { "pipeline".to_owned() } else { words.join("-").to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_come_from_repositories() {
        for (repo, expected) in [
            ("https://git.example.com/acme/My_App.git", "my-app"),
            ("git@example.com:acme/app", "app"),
            ("/srv/repos/the app/", "the-app"),
            ("/", "pipeline"),
        ] {
            assert_eq!(slug(repo), expected, "{repo}");
        }
    }
}
