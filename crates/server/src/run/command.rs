//! `redkite run` from its first line to its exit status.

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use super::agents::{Agents, Setup};
use super::args::Args;
use super::environment::Environment;
use super::exit::Exit;
use super::output::{Format, Output};
use super::results::Results;
use super::session::{self, Session};
use super::setup::{Begun, Plan, SetupError, folder};
use super::signals::Signals;
use super::unblock::Unblock;
use super::watch::Watch;
use crate::open_files;
use crate::plane::{Handle, IssuedToken, Running};

/// How long agents without jobs may take to say goodbye.
const FAREWELL: Duration = Duration::from_secs(10);

/// A run did not start: exit status 2.
#[derive(Debug, Error)]
#[error(transparent)]
pub(crate) struct RunError(#[from] SetupError);

/// Runs a pipeline; answers how it went.
pub(crate) fn run(args: Args) -> Result<Exit, RunError> {
    let plan = Plan::make(args, Environment::of_this_process())?;
    let usual_files = open_files::raise();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Ok(runtime.map_err(SetupError::Prepare)?.block_on(on_plane(&plan, usual_files))?)
}

async fn on_plane(plan: &Plan, usual_files: Option<u64>) -> Result<Exit, SetupError> {
    let mut signals = Signals::listen().map_err(SetupError::Prepare)?;
    let mut plane = plan.start_plane().await?;
    let exit = with_plane((plan, usual_files), &mut plane, &mut signals).await;
    plane.shutdown().await;
    exit
}

async fn with_plane(
    (plan, usual_files): (&Plan, Option<u64>),
    plane: &mut Running,
    signals: &mut Signals,
) -> Result<Exit, SetupError> {
    let begun = plan.begin(&plane.handle).await?;
    let build = begun.build.summary.id;
    let issued = plane.handle.issue_token("redkite run").await?;
    let exit = match start_agents((plan, usual_files), &plane.handle, &issued, begun.env.clone()) {
        Ok(mut agents) => {
            let exit = session::run(session(plan, plane, &mut agents, signals, begun)).await;
            end(agents, signals).await;
            Ok(exit)
        }
        Err(error) => {
            plane.handle.cancel_build(build, Some("The agents did not start".to_owned())).await?;
            Err(error)
        }
    };
    plane.handle.revoke_token(&issued.token.id).await?;
    exit
}

fn start_agents(
    (plan, usual_files): (&Plan, Option<u64>),
    plane: &Handle,
    issued: &IssuedToken,
    env: Environment,
) -> Result<Agents, SetupError> {
    let setup = Setup {
        programs: plan.programs.clone(),
        count: plan.agents,
        endpoint: plane.endpoint(),
        token: issued.secret.expose().to_owned(),
        env,
        usual_files,
    };
    Ok(Agents::start(&setup, &folder(&plan.data)?)?)
}

fn session<'a>(
    plan: &Plan,
    plane: &'a mut Running,
    agents: &'a mut Agents,
    signals: &'a mut Signals,
    begun: Begun,
) -> Session<'a> {
    let format = if plan.args.json { Format::Json } else { Format::People };
    let build = begun.build.summary.id;
    Session {
        watch: Watch::new(plane.handle.clone(), build, Results::new(begun.folder)),
        output: Output::new(format, &plan.env),
        unblock: Unblock::new(&plan.args.unblock),
        given: plan.args.meta_data.iter().cloned().collect::<BTreeMap<_, _>>(),
        info: begun.info,
        notices: begun.notices,
        plane,
        agents,
        signals,
        build,
    }
}

/// Agents say goodbye, unless that takes too long or somebody is in a hurry.
async fn end(mut agents: Agents, signals: &mut Signals) {
    agents.stop();
    let hurry = async {
        tokio::select! {
            () = tokio::time::sleep(FAREWELL) => {}
            () = signals.interrupt.next() => {}
        }
    };
    tokio::select! {
        _ = agents.ended() => return,
        () = hurry => {}
    }
    agents.kill();
    agents.ended().await;
}
