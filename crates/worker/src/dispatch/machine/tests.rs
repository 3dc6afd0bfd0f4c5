//! Each line is an event and what must follow from it.

use super::*;

fn action(verb: Verb, job: Option<&str>) -> Action {
    Action { verb, job: job.map(JobId::from) }
}

fn pinged(verb: Verb) -> Event {
    Event::Pinged(action(verb, None))
}

fn pinged_job() -> Event {
    Event::Pinged(action(Verb::CarryOn, Some("J")))
}

fn streamed(verb: Verb) -> Event {
    Event::Streamed(action(verb, None))
}

fn streamed_job(job: &str) -> Event {
    Event::Streamed(action(Verb::CarryOn, Some(job)))
}

const IDLE: Verb = Verb::CarryOn;
const RAN: Event = Event::JobEnded(JobEnd::Ran);
const FAILED: Event = Event::JobEnded(JobEnd::Failed);

fn word(effect: &Effect) -> String {
    match effect {
        Effect::Schedule(Rhythm::Tick) => "tick".into(),
        Effect::Schedule(Rhythm::Restart) => "restart".into(),
        Effect::Ping => "ping".into(),
        Effect::Run(id) => format!("run-{id}"),
        Effect::MarkIdle => "idle".into(),
        Effect::MarkBusy => "busy".into(),
        Effect::Say(note) => format!("{note:?}"),
        Effect::Leave(Leaving::Normally) => "leave".into(),
        Effect::Leave(Leaving::NoSource) => "lost".into(),
        Effect::Leave(Leaving::Broken) => "broken".into(),
    }
}

fn check(once: Once, mode: PingMode, steps: &[(Event, &str)]) {
    let mut dispatch = Dispatch::new(once, mode);
    for (number, (event, expected)) in steps.iter().enumerate() {
        let effects = dispatch.on(event.clone());
        let words: Vec<_> = effects.iter().map(word).collect();
        assert_eq!(words.join(" "), *expected, "step {number}: {event:?}");
    }
}

fn polling(once: Once, steps: &[(Event, &str)]) {
    check(once, PingMode::PollOnly, steps);
}

#[test]
fn an_agent_pings_runs_and_pings_again() {
    polling(
        Once::Never,
        &[
            (Event::Started, "restart"),
            (Event::PingDue, "ping"),
            (pinged(IDLE), "idle tick"),
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (RAN, "restart"),
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (FAILED, "tick"),
            (Event::PingDue, "ping"),
            (pinged(Verb::Disconnect), "leave"),
            (pinged(IDLE), ""),
        ],
    );
}

#[test]
fn pause_holds_everything_off() {
    polling(
        Once::AfterJob,
        &[(pinged_job(), "busy run-J"), (Event::UptimeOver, "UptimeOver"), (RAN, "leave")],
    );
    polling(
        Once::Never,
        &[
            (Event::PingDue, "ping"),
            (pinged(Verb::Pause), "busy tick"),
            (Event::UptimeOver, "UptimeOverWhilePaused"),
            (Event::PingDue, "ping"),
            (pinged(Verb::Pause), "busy tick"),
            (Event::PingDue, "ping"),
            (pinged(IDLE), "leave"),
        ],
    );
    polling(Once::Never, &[(pinged(Verb::Pause), "busy tick"), (pinged_job(), "Resumed busy run-J")]);
    polling(Once::Never, &[(pinged(Verb::Pause), "busy tick"), (Event::StopAsked, "Stopping leave")]);
}

#[test]
fn one_job_is_enough_for_some() {
    polling(
        Once::AfterJob,
        &[
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (FAILED, "tick"),
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (RAN, "restart"),
            (Event::PingDue, "ping"),
            (pinged(IDLE), "JobDone leave"),
        ],
    );
    polling(Once::Acquired, &[(pinged_job(), "Unwanted(JobId(\"J\")) leave")]);
    polling(Once::Acquired, &[(pinged(Verb::Pause), "busy tick"), (pinged(IDLE), "Resumed leave")]);
}

#[test]
fn a_stop_waits_for_the_job() {
    polling(
        Once::Never,
        &[
            (pinged_job(), "busy run-J"),
            (Event::StopAsked, "StoppingAfterJob"),
            (Event::StopAsked, ""),
            (Event::PoolIdle, ""),
            (RAN, "leave"),
        ],
    );
    polling(Once::Never, &[(Event::StopAsked, "Stopping leave"), (Event::StopAsked, "")]);
}

#[test]
fn time_ends_an_agent_between_jobs() {
    polling(Once::Never, &[(Event::UptimeOver, "UptimeOver leave")]);
    polling(
        Once::Never,
        &[(Event::PingDue, "ping"), (pinged(IDLE), "idle tick"), (Event::PoolIdle, "PoolIdle leave")],
    );
}

#[test]
fn a_worker_without_any_source_of_work_ends() {
    polling(Once::Never, &[(Event::PingLost, "lost")]);
    check(Once::Never, PingMode::StreamOnly, &[(Event::Started, ""), (Event::StreamLost, "lost")]);
    check(Once::Never, PingMode::Auto, &[(Event::StreamLost, ""), (Event::PingLost, "lost")]);
    check(
        Once::Never,
        PingMode::StreamOnly,
        &[(streamed_job("J"), "StreamEstablished busy run-J"), (Event::StreamLost, ""), (RAN, "lost")],
    );
}

#[test]
fn the_stream_has_control_until_it_breaks() {
    check(
        Once::Never,
        PingMode::Auto,
        &[
            (Event::Started, "restart"),
            (Event::PingDue, ""),
            (streamed(IDLE), "StreamEstablished idle"),
            (streamed_job("J"), "busy run-J"),
            (Event::StreamBroke, ""),
            (RAN, "ping"),
            (pinged_job(), "busy run-J"),
            (streamed(Verb::Pause), "StreamEstablished"),
            (RAN, "restart busy"),
            (Event::PingDue, ""),
            (streamed(IDLE), "Resumed idle"),
            (Event::StreamBroke, "ping"),
        ],
    );
    check(Once::Never, PingMode::Auto, &[(Event::StreamLost, ""), (Event::PingDue, "ping")]);
}

#[test]
fn what_the_stream_says_during_a_job_waits() {
    check(
        Once::Never,
        PingMode::StreamOnly,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("B"), ""),
            (streamed(Verb::Pause), ""),
            (streamed(IDLE), ""),
            (streamed_job("C"), ""),
            (RAN, "busy run-B"),
            (RAN, "busy run-C"),
            (streamed(Verb::Disconnect), ""),
            (streamed(IDLE), ""),
            (RAN, "leave"),
        ],
    );
}

#[test]
fn a_streaming_worker_leaves_at_once_after_its_job() {
    check(
        Once::AfterJob,
        PingMode::StreamOnly,
        &[(streamed_job("A"), "StreamEstablished busy run-A"), (RAN, "JobDone leave")],
    );
    check(
        Once::AfterJob,
        PingMode::StreamOnly,
        &[(streamed_job("A"), "StreamEstablished busy run-A"), (streamed(Verb::Pause), ""), (RAN, "busy")],
    );
}

#[test]
fn a_worker_that_broke_takes_no_other_job() {
    let broke = Event::JobEnded(JobEnd::Broken);
    polling(Once::Never, &[(pinged_job(), "busy run-J"), (broke.clone(), "broken"), (pinged_job(), "")]);
    check(
        Once::Never,
        PingMode::StreamOnly,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("B"), ""),
            (Event::StopAsked, "StoppingAfterJob"),
            (broke, "broken"),
        ],
    );
}
