//! What holds whatever happens, in whatever order.

use super::*;
use proptest::prelude::*;

/// What the shell around the machine does, as far as it decides which events can come.
struct Shell {
    dispatch: Dispatch,
    job: Option<JobId>,
    ping_scheduled: bool,
    ping_sent: bool,
    stream_open: bool,
    paused: bool,
    asked_to_stop: bool,
    gone: bool,
}

impl Shell {
    fn new(once: Once, mode: PingMode) -> Self {
        Self {
            dispatch: Dispatch::new(once, mode),
            job: None,
            ping_scheduled: false,
            ping_sent: false,
            stream_open: mode != PingMode::PollOnly,
            paused: false,
            asked_to_stop: false,
            gone: false,
        }
    }

    /// Whether this can happen now.
    fn can(&self, event: &Event) -> bool {
        match event {
            Event::Started => false,
            Event::PingDue => self.ping_scheduled,
            Event::Pinged(_) | Event::PingLost => self.ping_sent,
            Event::Streamed(_) | Event::StreamBroke | Event::StreamLost => self.stream_open,
            Event::JobEnded(_) => self.job.is_some(),
            Event::StopAsked | Event::ForcedStopAsked | Event::UptimeOver | Event::PoolIdle => true,
        }
    }

    fn happen(&mut self, event: Event) {
        match &event {
            Event::PingDue => self.ping_scheduled = false,
            Event::Pinged(_) | Event::PingLost => self.ping_sent = false,
            Event::StreamLost => self.stream_open = false,
            Event::JobEnded(_) => self.job = None,
            Event::StopAsked | Event::ForcedStopAsked => self.asked_to_stop = true,
            _ => {}
        }
        let had_job = self.job.is_some();
        let mut effects = self.dispatch.on(event.clone()).into_iter().peekable();
        while let Some(effect) = effects.next() {
            assert!(!self.gone, "{effect:?} after the end");
            // Who is busy without a job is paused.
            self.paused |= effect == Effect::MarkBusy && !matches!(effects.peek(), Some(Effect::Run(_)));
            self.perform(effect);
        }
        if self.asked_to_stop && !had_job {
            assert!(self.gone, "a worker without a job leaves when it is asked to: {event:?}");
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Schedule(_) => {
                assert!(!self.ping_scheduled && !self.ping_sent, "two pings at once");
                self.ping_scheduled = true;
            }
            Effect::Ping => {
                assert!(!self.ping_scheduled && !self.ping_sent && self.job.is_none(), "a ping too many");
                self.ping_sent = true;
            }
            Effect::Run(job) => {
                assert!(!self.asked_to_stop && !self.paused, "{job} must not run");
                assert_eq!(self.job.replace(job), None, "two jobs at once");
            }
            Effect::Say(Note::Resumed) => self.paused = false,
            Effect::CloseStream => self.stream_open = false,
            Effect::Leave(_) => {
                assert_eq!(self.job, None, "a job is left behind");
                self.gone = true;
            }
            Effect::MarkIdle | Effect::MarkBusy | Effect::Say(_) => {}
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    let verb = prop_oneof![3 => Just(Verb::CarryOn), 1 => Just(Verb::Pause)];
    let job = prop_oneof![Just(None), "[AB]".prop_map(|id| Some(JobId::from(id)))];
    let instruction = (verb, job).prop_map(|(verb, job)| Action { verb, job: job.filter(|_| verb == IDLE) });
    let instruction = prop_oneof![20 => instruction, 1 => Just(action(Verb::Disconnect, None))];
    prop_oneof![
        20 => Just(Event::PingDue),
        20 => instruction.clone().prop_map(Event::Pinged),
        20 => instruction.prop_map(Event::Streamed),
        10 => Just(Event::StreamBroke),
        20 => prop_oneof![5 => Just(RAN), 3 => Just(FAILED), 1 => Just(BROKEN)],
        1 => Just(Event::PingLost),
        1 => Just(Event::StreamLost),
        1 => Just(Event::StopAsked),
        1 => Just(Event::ForcedStopAsked),
        1 => Just(Event::UptimeOver),
        1 => Just(Event::PoolIdle),
    ]
}

proptest! {
    #[test]
    fn jobs_run_one_at_a_time_and_none_is_left_behind(
        once in prop_oneof![Just(Once::Never), Just(Once::AfterJob), Just(Once::Acquired)],
        mode in prop_oneof![Just(PingMode::PollOnly), Just(PingMode::StreamOnly), Just(PingMode::Auto)],
        events in prop::collection::vec(event(), 0..80),
    ) {
        let mut shell = Shell::new(once, mode);
        shell.happen(Event::Started);
        for event in events {
            if shell.can(&event) {
                shell.happen(event);
            }
        }
        // It is never too late to leave.
        if !shell.gone {
            shell.happen(Event::StopAsked);
            if shell.job.is_some() {
                shell.happen(RAN);
            }
            prop_assert!(shell.gone);
        }
    }
}
