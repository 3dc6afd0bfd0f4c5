//! Pings and the stream, and what the stream says while something else is being done (spec/agent.md §9.4, §9.5).

use super::*;

/// §9.5: who may give instructions.
#[test]
fn the_stream_has_control_until_it_breaks() {
    both(
        Once::Never,
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
    // What comes while a ping is on its way waits for what the ping says.
    both(
        Once::Never,
        &[
            (Event::StreamBroke, ""),
            (Event::PingDue, "ping"),
            (streamed(Verb::Pause), "StreamEstablished"),
            (pinged(IDLE), "idle tick busy"),
            (Event::PingDue, ""),
        ],
    );
    // Without a stream for good, pings go on alone.
    both(
        Once::Never,
        &[
            (Event::StreamLost, ""),
            (Event::PingDue, "ping"),
            (pinged(IDLE), "idle tick"),
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (RAN, "restart"),
        ],
    );
    both(
        Once::Never,
        &[
            (Event::PingDue, ""),
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (Event::StreamLost, ""),
            (RAN, "ping"),
        ],
    );
    // In stream-only mode a broken stream is waited for.
    streaming(
        Once::Never,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("B"), ""),
            (Event::StreamBroke, ""),
            (RAN, ""),
            (streamed(IDLE), "StreamEstablished busy run-B"),
        ],
    );
}

/// §9.5: merged, not queued; jobs wait their turn.
#[test]
fn what_the_stream_says_during_a_job_waits() {
    streaming(
        Once::Never,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("B"), ""),
            (streamed(Verb::Pause), ""),
            (streamed(IDLE), ""),
            (streamed_job("C"), ""),
            (RAN, "busy run-B"),
            (RAN, "busy run-C"),
            (streamed(Verb::Disconnect), "close"),
            (streamed(IDLE), ""),
            (RAN, "leave"),
        ],
    );
    streaming(
        Once::Never,
        &[(streamed(Verb::Disconnect), "StreamEstablished close leave"), (streamed_job("A"), "")],
    );
}

/// Each new stream begins with what is still to be done.
#[test]
fn a_job_that_is_named_again_runs_once() {
    streaming(
        Once::Never,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("A"), ""),
            (streamed_job("B"), ""),
            (streamed_job("B"), ""),
            (RAN, "busy run-B"),
            (streamed_job("B"), ""),
            (RAN, "idle"),
        ],
    );
    // One that could not be begun is tried again.
    streaming(
        Once::Never,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("A"), ""),
            (FAILED, "busy run-A"),
        ],
    );
    // What was pinged meanwhile has run.
    both(
        Once::Never,
        &[
            (Event::PingDue, ""),
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("J"), ""),
            (Event::StreamBroke, ""),
            (RAN, "ping"),
            (pinged_job(), "busy run-J"),
            (streamed_job("J"), "StreamEstablished"),
            (RAN, "restart idle"),
        ],
    );
}

/// §9.5, §10.2.
#[test]
fn a_streaming_worker_leaves_at_once_after_its_job() {
    streaming(Once::AfterJob, &[(streamed_job("A"), "StreamEstablished busy run-A"), (RAN, "JobDone leave")]);
    streaming(
        Once::AfterJob,
        &[(streamed_job("A"), "StreamEstablished busy run-A"), (streamed(Verb::Pause), ""), (RAN, "busy")],
    );
    streaming(
        Once::AfterJob,
        &[
            (streamed_job("A"), "StreamEstablished busy run-A"),
            (streamed_job("B"), ""),
            (RAN, "Unwanted-B JobDone leave"),
        ],
    );
    streaming(
        Once::AfterJob,
        &[(streamed_job("A"), "StreamEstablished busy run-A"), (FAILED, ""), (streamed(IDLE), "idle")],
    );
    both(Once::AfterJob, &[(streamed_job("A"), "StreamEstablished busy run-A"), (RAN, "JobDone leave")]);
    both(
        Once::AfterJob,
        &[
            (Event::StreamBroke, ""),
            (Event::PingDue, "ping"),
            (pinged_job(), "busy run-J"),
            (streamed(IDLE), "StreamEstablished"),
            (RAN, "restart JobDone leave"),
        ],
    );
}
