//! One run, from the build's beginning to its end: gathers what happens, lets [`Phase`] decide, shows it.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use redkite_process::Ending;
use redkite_scheduler::{BuildId, JobId};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::agents::Agents;
use super::event::{BuildFinished, BuildInfo, BuildState, Event, Level, Notice, Stamped};
use super::exit::Exit;
use super::keyboard::Keyboard;
use super::output::Output;
use super::phase::{Effect, Happening, Phase, WhenBlocked};
use super::signals::Signals;
use super::translate::Picture;
use super::unblock::{Decision, Unblock};
use super::view::{Answer, Key, Model, Prompt};
use super::watch::{Watch, WatchError};
use crate::failure_text::describe;
use crate::plane::{self, Handle, Running};

/// Between two looks at a build of which much is heard.
const BREATH: Duration = Duration::from_millis(40);
/// A look in any case: for a change that nobody has announced.
const LOOK: Duration = Duration::from_secs(2);
/// Between two pictures of the spinner.
const TICK: Duration = Duration::from_millis(100);

/// What a session works with.
pub(crate) struct Session<'a> {
    pub(crate) plane: &'a mut Running,
    pub(crate) agents: &'a mut Agents,
    pub(crate) signals: &'a mut Signals,
    pub(crate) watch: Watch,
    pub(crate) output: Output,
    pub(crate) unblock: Unblock,
    /// Meta-data given on the command line: answers to fields of the same name.
    pub(crate) given: BTreeMap<String, String>,
    pub(crate) build: BuildId,
    pub(crate) info: BuildInfo,
    /// What to say before anything else.
    pub(crate) notices: Vec<Notice>,
}

/// Something a session waits for.
enum Incoming {
    Plane(Result<plane::Event, RecvError>),
    Look,
    Tick,
    Key(Key),
    Interrupt,
    Resized,
    AgentsEnded(Ending),
    PlaneEnded,
}

/// Whether a look has opened steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opened {
    None,
    Some,
}

/// The state of a session while it runs.
struct Live<'a> {
    handle: Handle,
    session: Session<'a>,
    model: Model,
    phase: Phase,
    /// Steps that wait for somebody's answer, the one being asked first.
    questions: Vec<(Prompt, JobId)>,
    /// Steps that were answered, or left.
    answered: Vec<String>,
    keyboard: Option<Keyboard>,
    /// A step that was to be opened could not be.
    stuck: bool,
    /// When to look next.
    look: Instant,
    picture: Option<Picture>,
}

/// Sees the run to its end.
pub(crate) async fn run(session: Session<'_>) -> Exit {
    let handle = session.plane.handle.clone();
    let mut events = handle.subscribe();
    let mut live = Live {
        handle,
        session,
        model: Model::default(),
        phase: Phase::Running,
        questions: Vec::new(),
        answered: Vec::new(),
        keyboard: None,
        stuck: false,
        look: Instant::now(),
        picture: None,
    };
    live.open().await;
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        if let Phase::Over(exit) = live.phase {
            live.close(exit).await;
            return exit;
        }
        let incoming = tokio::select! {
            event = events.recv() => Incoming::Plane(event),
            () = sleep_until(live.look) => Incoming::Look,
            _ = ticks.tick() => Incoming::Tick,
            key = next_key(&mut live.keyboard) => Incoming::Key(key),
            () = live.session.signals.interrupt.next() => Incoming::Interrupt,
            () = live.session.signals.resize.next() => Incoming::Resized,
            ending = live.session.agents.ended() => Incoming::AgentsEnded(ending),
            () = live.session.plane.ended() => Incoming::PlaneEnded,
        };
        live.take(incoming, &mut events).await;
    }
}

async fn next_key(keyboard: &mut Option<Keyboard>) -> Key {
    match keyboard {
        Some(keyboard) => keyboard.key().await,
        None => std::future::pending().await,
    }
}

impl Live<'_> {
    async fn open(&mut self) {
        let started = Event::BuildStarted(self.session.info.clone());
        self.tell(started).await;
        for notice in std::mem::take(&mut self.session.notices) {
            self.tell(Event::Notice(notice)).await;
        }
    }

    async fn take(&mut self, incoming: Incoming, events: &mut broadcast::Receiver<plane::Event>) {
        match incoming {
            // More is probably on its way: look once for all of it.
            Incoming::Plane(Ok(_) | Err(RecvError::Lagged(_))) => {
                self.look = self.look.min(Instant::now() + BREATH)
            }
            Incoming::Plane(Err(RecvError::Closed)) | Incoming::PlaneEnded => {
                self.notice(Level::Error, "the control plane has ended").await;
                self.happened(Happening::PlaneEnded).await;
            }
            Incoming::Look => {
                // What was announced until now, this look sees.
                while events.try_recv().is_ok() {}
                self.look().await;
            }
            Incoming::Tick | Incoming::Resized => self.draw().await,
            Incoming::Key(key) => self.key(key).await,
            Incoming::Interrupt => self.interrupt().await,
            Incoming::AgentsEnded(ending) => {
                let (log, words) = (self.session.agents.log().display(), self.session.agents.last_words());
                let message =
                    format!("the agents have ended ({ending}); their log {log} ends with:\n{words}");
                self.look().await;
                if !matches!(self.phase, Phase::Over(_)) {
                    self.notice(Level::Error, &message).await;
                    self.happened(Happening::AgentsEnded).await;
                }
            }
        }
    }

    async fn interrupt(&mut self) {
        if self.phase == Phase::Running {
            self.stop_asking();
            self.notice(Level::Info, "stopping the build; once more to stop at once").await;
        }
        self.happened(Happening::Interrupt).await;
    }

    /// Looks at the build and tells what is new.
    async fn look(&mut self) {
        self.look = Instant::now() + LOOK;
        let mut news = Vec::new();
        let looked = self.session.watch.look(&mut |event| news.push(event)).await;
        for event in news {
            self.tell(event).await;
        }
        match looked {
            Ok(picture) => {
                self.picture = Some(picture.clone());
                let opened = self.answer(&picture).await;
                // A step that was just opened makes this look a thing of the past: the next one judges.
                if opened == Opened::None {
                    let when_blocked = self.when_blocked(&picture);
                    self.happened(Happening::Build(picture.state, when_blocked)).await;
                }
            }
            Err(error) => self.blind(&error).await,
        }
    }

    async fn blind(&mut self, error: &WatchError) {
        self.notice(Level::Error, &format!("the build can't be watched: {}", describe(error))).await;
        self.happened(Happening::PlaneEnded).await;
    }

    fn when_blocked(&self, picture: &Picture) -> WhenBlocked {
        let waits = picture.blocked.iter().any(|(blocked, _)| !self.answered.contains(&blocked.step));
        match (self.session.output.can_ask() && waits, self.stuck) {
            (true, _) => WhenBlocked::Ask,
            (false, true) => WhenBlocked::End(Exit::Failed),
            (false, false) => WhenBlocked::End(picture.blocked_exit),
        }
    }

    /// Opens the steps that are to be opened, and asks about the others if somebody is there.
    async fn answer(&mut self, picture: &Picture) -> Opened {
        let open: Vec<_> = picture.blocked.iter().map(|(blocked, _)| blocked.step.clone()).collect();
        self.answered.retain(|step| open.contains(step));
        self.questions.retain(|(prompt, _)| open.iter().any(|step| step == prompt.step()));
        if self.phase != Phase::Running {
            return Opened::None;
        }
        let mut opened = Opened::None;
        for (blocked, job) in &picture.blocked {
            let asked = self.questions.iter().any(|(prompt, _)| prompt.step() == blocked.step);
            if asked || self.answered.contains(&blocked.step) {
                continue;
            }
            match self.session.unblock.decide(blocked, &self.session.given) {
                Decision::Open(answers) => {
                    self.answered.push(blocked.step.clone());
                    self.open_step(*job, answers, &blocked.label).await;
                    opened = Opened::Some;
                    continue;
                }
                Decision::Missing(fields) => {
                    let (label, fields) = (&blocked.label, fields.join(", "));
                    let message = format!("{label:?} can't be opened: give --meta-data for {fields}");
                    self.notice(Level::Warning, &message).await;
                    if !self.session.output.can_ask() {
                        self.stuck = true;
                        self.answered.push(blocked.step.clone());
                    }
                }
                Decision::Ask => {}
            }
            if self.session.output.can_ask() && !self.answered.contains(&blocked.step) {
                self.questions.push((Prompt::new(blocked.clone()), *job));
            }
        }
        self.mind_keyboard().await;
        opened
    }

    async fn open_step(&mut self, job: JobId, answers: BTreeMap<String, String>, label: &str) {
        match self.handle.unblock(job, answers, None).await {
            Ok(()) => self.look = Instant::now(),
            Err(error) => {
                self.stuck = true;
                let message = format!("{label:?} can't be opened: {}", describe(&error));
                self.notice(Level::Warning, &message).await;
            }
        }
    }

    /// The keyboard is ours exactly while a question is open.
    async fn mind_keyboard(&mut self) {
        if self.questions.is_empty() {
            self.keyboard = None;
        } else if self.keyboard.is_none() {
            match Keyboard::open() {
                Ok(keyboard) => self.keyboard = Some(keyboard),
                Err(error) => {
                    self.notice(Level::Warning, &format!("nobody can be asked: {error}")).await;
                    self.stop_asking();
                }
            }
        }
    }

    fn stop_asking(&mut self) {
        self.answered.extend(self.questions.drain(..).map(|(prompt, _)| prompt.step().to_owned()));
        self.keyboard = None;
    }

    async fn key(&mut self, key: Key) {
        let Some((prompt, job)) = self.questions.first_mut() else { return };
        let job = *job;
        match prompt.press(key) {
            None => {}
            Some(Answer::Interrupt) => self.interrupt().await,
            Some(Answer::Leave) => {
                self.answered.push(prompt.step().to_owned());
                self.questions.remove(0);
                self.look = Instant::now();
            }
            Some(Answer::Unblock(answers)) => {
                match self.handle.unblock(job, answers.into_iter().collect(), None).await {
                    Ok(()) => {
                        self.answered.push(self.questions.remove(0).0.step().to_owned());
                        self.look = Instant::now();
                    }
                    Err(error) => {
                        if let Some((prompt, _)) = self.questions.first_mut() {
                            prompt.complain(describe(&error));
                        }
                    }
                }
            }
        }
        self.mind_keyboard().await;
        self.draw().await;
    }

    async fn happened(&mut self, happening: Happening) {
        let (phase, effects) = self.phase.on(happening);
        self.phase = phase;
        for effect in effects {
            match effect {
                Effect::Kill => self.session.agents.kill(),
                Effect::Cancel => {
                    // A build that has just ended can't be cancelled, and need not be.
                    drop(self.handle.cancel_build(self.session.build, Some("Stopped".to_owned())).await);
                    self.look = Instant::now();
                }
            }
        }
    }

    async fn notice(&mut self, level: Level, message: &str) {
        self.tell(Event::Notice(Notice { level, message: message.to_owned() })).await;
    }

    async fn tell(&mut self, event: Event) {
        let stamped = Stamped { time: Timestamp::now(), event };
        self.model.apply(&stamped);
        let told = self.session.output.tell(&self.model, &stamped);
        self.printed(told).await;
    }

    async fn draw(&mut self) {
        let prompt = self.questions.first().map(|(prompt, _)| prompt);
        let drawn = self.session.output.draw(&self.model, prompt);
        self.printed(drawn).await;
    }

    /// Nobody to show it to is a reason to stop.
    async fn printed(&mut self, result: io::Result<()>) {
        if result.is_err() {
            Box::pin(self.happened(Happening::OutputClosed)).await;
        }
    }

    async fn close(&mut self, exit: Exit) {
        self.keyboard = None;
        // What the last effects have brought about. A build that ends blocked is shown as blocked, although what
        // is left of it was cancelled.
        if self.picture.as_ref().is_none_or(|picture| picture.state != BuildState::Blocked) {
            self.look().await;
        }
        let state = self.picture.as_ref().map_or(BuildState::Canceled, |picture| picture.state);
        let folder = self.session.watch.results().folder();
        let artifacts = (!self.model.artifacts.is_empty()).then(|| folder.artifacts.display().to_string());
        let logs = folder.logs.display().to_string();
        let span = self.model.build_span(Timestamp::now()).unwrap_or_default();
        let finished = BuildFinished {
            state,
            exit_status: exit.status(),
            duration_ms: u64::try_from(span.as_millis()).unwrap_or(0),
            logs,
            artifacts,
        };
        self.tell(Event::BuildFinished(finished)).await;
        let shown = self.session.output.finish(&self.model);
        self.printed(shown).await;
    }
}
