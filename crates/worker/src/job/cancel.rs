//! What makes a running job stop: the server's word, a token it no longer takes, the agent's end (spec/agent.md §18).

use super::files::FilesOfJob;
use super::finish::Stop;
use crate::random;
use crate::stop::StopListener;
use crate::survive::{Place, point};
use redkite_api::client::Client;
use redkite_api::{JobId, calls};
use redkite_process::Cancel;
use redkite_text::Spoken;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// What is watched, and what is done about it.
pub(crate) struct Watch<'a> {
    pub(crate) client: &'a Client,
    pub(crate) job: &'a JobId,
    pub(crate) interval: Duration,
    pub(crate) grace: Duration,
    pub(crate) cancel: &'a Cancel,
    pub(crate) files: &'a FilesOfJob,
    pub(crate) running: &'a CancellationToken,
    pub(crate) ended: &'a CancellationToken,
}

impl Watch<'_> {
    /// Waits for a reason to stop and stops the job; answers the reason. The first reason counts, but the server is
    /// asked until the job has ended.
    pub(crate) async fn until_ended(&self, mut agent: StopListener) -> Option<Stop> {
        let (tell, told) = oneshot::channel();
        let stop = async {
            let stop = tokio::select! {
                Ok(stop) = told => stop,
                () = agent.forced() => Stop::AgentEnds,
                () = self.ended.cancelled() => return None,
            };
            self.stop(stop).await;
            Some(stop)
        };
        tokio::select! {
            stop = stop => stop,
            () = self.poll(tell) => unreachable!("it goes on for ever"),
        }
    }

    async fn stop(&self, stop: Stop) {
        tracing::info!(
            "Canceling job {} with a signal grace period of {} ({})",
            self.job,
            Spoken(self.grace),
            stop.words()
        );
        if stop == Stop::TimedOut
            && let Err(error) = self.files.mark_timeout()
        {
            tracing::warn!("Couldn't leave a mark that job {} timed out: {error}", self.job);
        }
        self.cancel.cancel();
        if !self.running.is_cancelled() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(self.grace) => {
                tracing::info!("Job {} hasn't stopped within {}, terminating", self.job, Spoken(self.grace));
            }
            () = self.ended.cancelled() => {}
        }
    }

    /// Asks for the job's state from time to time while its process runs; tells the first reason to stop.
    async fn poll(&self, tell: oneshot::Sender<Stop>) {
        let mut tell = Some(tell);
        self.running.cancelled().await;
        let mut moments = Moments::each(self.interval);
        loop {
            moments.next().await;
            let stop = self.ask().await;
            point(Place::Running, self.job.as_str());
            if let Some(stop) = stop
                && let Some(tell) = tell.take()
            {
                let _ = tell.send(stop);
            }
        }
    }

    async fn ask(&self) -> Option<Stop> {
        match self.client.call(&calls::job::state(self.job)).await {
            Ok(answer) => stop_of(&answer.state),
            Err(error) if error.is_unauthorized() => {
                tracing::error!("Invalid access token, cancelling job {}", self.job);
                Some(Stop::TokenRefused)
            }
            Err(error) => {
                tracing::warn!("Problem with getting the state of job {}: {error}", self.job);
                None
            }
        }
    }
}

/// One moment in each interval, chosen at random.
struct Moments {
    interval: Duration,
    begins: Interval,
}

impl Moments {
    /// From now on.
    fn each(interval: Duration) -> Self {
        let mut begins = tokio::time::interval(interval);
        // An answer that took long isn't made up for with many questions at once.
        begins.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self { interval, begins }
    }

    async fn next(&mut self) {
        self.begins.tick().await;
        tokio::time::sleep(random::part_of(self.interval)).await;
    }
}

/// What a job's state asks for.
fn stop_of(state: &str) -> Option<Stop> {
    match state {
        "canceling" | "canceled" => Some(Stop::Canceled),
        "timing_out" | "timed_out" => Some(Stop::TimedOut),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_states_stop_a_job() {
        for (state, expected) in [
            ("canceling", Some(Stop::Canceled)),
            ("canceled", Some(Stop::Canceled)),
            ("timing_out", Some(Stop::TimedOut)),
            ("timed_out", Some(Stop::TimedOut)),
            ("running", None),
            ("", None),
        ] {
            assert_eq!(stop_of(state), expected, "{state}");
        }
    }

    /// §18.1: the answer to the third question takes a minute.
    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_slow_answer_does_not_make_the_next_questions_hasty() {
        let (begin, mut moments) = (tokio::time::Instant::now(), Moments::each(Duration::from_secs(10)));
        let mut asked = Vec::new();
        while asked.len() < 8 {
            moments.next().await;
            // In which interval.
            asked.push(begin.elapsed().as_secs() / 10);
            let takes = if asked.len() == 3 { 60 } else { 0 };
            tokio::time::sleep(Duration::from_secs(takes)).await;
        }
        // What was missed comes once, at once.
        let earliest = [0, 1, 2, 8, 9, 10, 11, 12];
        let fits = |(asked, earliest): (&u64, u64)| (earliest..=earliest + 1).contains(asked);
        assert!(asked.iter().zip(earliest).all(fits), "{asked:?}");
    }
}
