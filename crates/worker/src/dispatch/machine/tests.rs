//! Each line is an event and what must follow from it: spec/agent.md §9.3–§11, agent-api.md §10.

use super::*;

mod random;
mod streams;

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
const BROKEN: Event = Event::JobEnded(JobEnd::Broken);

fn word(effect: &Effect) -> String {
    match effect {
        Effect::Schedule(Rhythm::Tick) => "tick".into(),
        Effect::Schedule(Rhythm::Restart) => "restart".into(),
        Effect::Ping => "ping".into(),
        Effect::Run(id) => format!("run-{id}"),
        Effect::MarkIdle => "idle".into(),
        Effect::MarkBusy => "busy".into(),
        Effect::Say(Note::Unwanted(id)) => format!("Unwanted-{id}"),
        Effect::Say(note) => format!("{note:?}"),
        Effect::CloseStream => "close".into(),
        Effect::Leave(Leaving::Normally) => "leave".into(),
        Effect::Leave(Leaving::NoSource) => "lost".into(),
        Effect::Leave(Leaving::Broken) => "broken".into(),
    }
}

type Steps<'a> = &'a [(Event, &'a str)];

fn check(once: Once, mode: PingMode, steps: Steps<'_>) {
    let mut dispatch = Dispatch::new(once, mode);
    for (number, (event, expected)) in steps.iter().enumerate() {
        let effects = dispatch.on(event.clone());
        let words: Vec<_> = effects.iter().map(word).collect();
        assert_eq!(words.join(" "), *expected, "step {number}: {event:?}");
    }
}

fn polling(once: Once, steps: Steps<'_>) {
    check(once, PingMode::PollOnly, steps);
}

fn streaming(once: Once, steps: Steps<'_>) {
    check(once, PingMode::StreamOnly, steps);
}

fn both(once: Once, steps: Steps<'_>) {
    check(once, PingMode::Auto, steps);
}

/// §9.3.
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

/// §9.1: which sources there are.
#[test]
fn each_mode_has_its_sources() {
    polling(Once::Never, &[(Event::Started, "restart"), (Event::PingDue, "ping")]);
    streaming(Once::Never, &[(Event::Started, ""), (streamed(IDLE), "StreamEstablished idle")]);
    both(Once::Never, &[(Event::Started, "restart"), (Event::PingDue, ""), (Event::StreamBroke, "ping")]);
    both(Once::Never, &[(Event::Started, "restart"), (Event::StreamBroke, ""), (Event::PingDue, "ping")]);
}

/// §9.6 (2), §10.5: a paused worker runs nothing, and nothing ends it but a signal and the server's word.
#[test]
fn pause_holds_everything_off() {
    for once in [Once::Never, Once::AfterJob, Once::Acquired] {
        polling(
            once,
            &[
                (Event::PingDue, "ping"),
                (pinged(Verb::Pause), "busy tick"),
                (Event::PoolIdle, ""),
                (Event::UptimeOver, "UptimeOverWhilePaused"),
                (Event::PingDue, "ping"),
                (pinged(Verb::Pause), "busy tick"),
                (Event::PingDue, "ping"),
                (pinged(IDLE), "leave"),
            ],
        );
        polling(once, &[(pinged(Verb::Pause), "busy tick"), (Event::StopAsked, "Stopping leave")]);
        polling(once, &[(pinged(Verb::Pause), "busy tick"), (Event::ForcedStopAsked, "Forced leave")]);
        polling(once, &[(pinged(Verb::Pause), "busy tick"), (pinged(Verb::Disconnect), "leave")]);
        streaming(once, &[(streamed(Verb::Pause), "StreamEstablished busy"), (Event::PoolIdle, "")]);
    }
    polling(Once::Never, &[(pinged(Verb::Pause), "busy tick"), (pinged_job(), "Resumed busy run-J")]);
    // A ping that failed in a way that will pass is an idle one, and ends a pause.
    polling(Once::Never, &[(pinged(Verb::Pause), "busy tick"), (pinged(IDLE), "Resumed idle tick")]);
    streaming(
        Once::Never,
        &[
            (streamed(Verb::Pause), "StreamEstablished busy"),
            (streamed(Verb::Pause), "busy"),
            (streamed_job("A"), "Resumed busy run-A"),
            (streamed(Verb::Pause), ""),
            (RAN, "busy"),
            (Event::UptimeOver, "UptimeOverWhilePaused"),
            (streamed_job("B"), "leave"),
        ],
    );
}

/// §10.1, §10.2.
#[test]
fn one_job_is_enough_for_some() {
    polling(
        Once::AfterJob,
        &[
            (pinged(IDLE), "idle tick"),
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (FAILED, "tick"),
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (RAN, "restart"),
            (Event::PingDue, "ping"),
            (pinged(Verb::Pause), "busy tick"),
            (Event::PingDue, "ping"),
            (pinged(IDLE), "Resumed JobDone leave"),
        ],
    );
    polling(
        Once::AfterJob,
        &[
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (RAN, "restart"),
            (Event::PingDue, "ping"),
            (pinged_job(), "Unwanted-J JobDone leave"),
        ],
    );
    polling(Once::Acquired, &[(pinged(IDLE), "leave")]);
    polling(Once::Acquired, &[(pinged_job(), "Unwanted-J leave")]);
    polling(Once::Acquired, &[(pinged(Verb::Pause), "busy tick"), (pinged(IDLE), "Resumed leave")]);
    streaming(Once::Acquired, &[(streamed(IDLE), "StreamEstablished leave")]);
    streaming(Once::Acquired, &[(streamed_job("A"), "StreamEstablished Unwanted-A leave")]);
}

/// §11: signals, whatever the worker is doing.
#[test]
fn a_stop_waits_for_the_job() {
    polling(
        Once::Never,
        &[
            (pinged_job(), "busy run-J"),
            (Event::StopAsked, "StoppingAfterJob"),
            (Event::PoolIdle, ""),
            (RAN, "leave"),
        ],
    );
    polling(
        Once::Never,
        &[
            (pinged_job(), "busy run-J"),
            (Event::StopAsked, "StoppingAfterJob"),
            (Event::ForcedStopAsked, "ForcedWithJob"),
            (RAN, "leave"),
        ],
    );
    polling(
        Once::Never,
        &[(pinged_job(), "busy run-J"), (Event::ForcedStopAsked, "ForcedWithJob"), (FAILED, "leave")],
    );
    polling(Once::Never, &[(Event::StopAsked, "Stopping leave"), (Event::StopAsked, "")]);
    polling(Once::Never, &[(Event::ForcedStopAsked, "Forced leave")]);
    // A ping that is on its way isn't waited for.
    polling(
        Once::Never,
        &[(Event::PingDue, "ping"), (Event::StopAsked, "Stopping leave"), (pinged_job(), "")],
    );
    streaming(Once::Never, &[(Event::Started, ""), (Event::StopAsked, "Stopping leave")]);
    both(Once::Never, &[(Event::PingDue, ""), (Event::ForcedStopAsked, "Forced leave")]);
}

/// Nothing that the stream could bring would be done any more.
#[test]
fn a_worker_that_leaves_after_its_job_closes_the_stream() {
    for (asked, said) in [
        (Event::StopAsked, "StoppingAfterJob close"),
        (Event::ForcedStopAsked, "ForcedWithJob close"),
        (Event::UptimeOver, "UptimeOver close"),
    ] {
        for mode in [PingMode::StreamOnly, PingMode::Auto] {
            check(
                Once::Never,
                mode,
                &[
                    (streamed_job("A"), "StreamEstablished busy run-A"),
                    (asked.clone(), said),
                    (streamed_job("B"), ""),
                    (RAN, "leave"),
                ],
            );
        }
    }
}

/// §10.3, §10.4.
#[test]
fn time_ends_an_agent_between_jobs() {
    polling(Once::Never, &[(Event::UptimeOver, "UptimeOver leave")]);
    streaming(
        Once::Never,
        &[(streamed(IDLE), "StreamEstablished idle"), (Event::UptimeOver, "UptimeOver leave")],
    );
    polling(
        Once::AfterJob,
        &[(pinged_job(), "busy run-J"), (Event::UptimeOver, "UptimeOver"), (RAN, "leave")],
    );
    polling(
        Once::Never,
        &[(Event::PingDue, "ping"), (pinged(IDLE), "idle tick"), (Event::PoolIdle, "PoolIdle leave")],
    );
    streaming(
        Once::Never,
        &[(streamed(IDLE), "StreamEstablished idle"), (Event::PoolIdle, "PoolIdle leave")],
    );
}

/// §9.3, §9.4: errors that no repetition heals.
#[test]
fn a_worker_without_any_source_of_work_ends() {
    polling(Once::Never, &[(Event::PingLost, "lost")]);
    streaming(Once::Never, &[(Event::Started, ""), (Event::StreamLost, "lost")]);
    both(Once::Never, &[(Event::StreamLost, ""), (Event::PingLost, "lost")]);
    both(
        Once::Never,
        &[
            (Event::StreamBroke, ""),
            (Event::PingDue, "ping"),
            (Event::PingLost, ""),
            (Event::PingDue, ""),
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (RAN, ""),
            (Event::StreamLost, "lost"),
        ],
    );
    streaming(
        Once::Never,
        &[(streamed_job("J"), "StreamEstablished busy run-J"), (Event::StreamLost, ""), (RAN, "lost")],
    );
    // The first reason to leave counts.
    streaming(
        Once::Never,
        &[
            (streamed_job("J"), "StreamEstablished busy run-J"),
            (Event::StreamLost, ""),
            (Event::UptimeOver, "UptimeOver"),
            (RAN, "lost"),
        ],
    );
    streaming(
        Once::Never,
        &[
            (streamed_job("J"), "StreamEstablished busy run-J"),
            (Event::StopAsked, "StoppingAfterJob close"),
            (Event::StreamLost, ""),
            (RAN, "leave"),
        ],
    );
}

#[test]
fn a_worker_that_broke_takes_no_other_job() {
    polling(Once::Never, &[(pinged_job(), "busy run-J"), (BROKEN, "broken"), (pinged_job(), "")]);
    streaming(
        Once::Never,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("B"), ""),
            (Event::StopAsked, "StoppingAfterJob close"),
            (BROKEN, "broken"),
        ],
    );
}
