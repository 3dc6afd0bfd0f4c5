//! What can be asked, and the answers (docs/spec/local-apis.md §3).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::authentication;
use super::promises::Promises;
use crate::http::{Answer, Head, Request, first_value};
use crate::server::listening::Handler;
use redkite_shell::{OverrideMode, Protection};

use crate::Job;

const BASE: &str = "/api/current-job/v0";

/// The routes of one job.
pub(super) struct Routes {
    job: Arc<dyn Job>,
    token: String,
    promises: Promises,
    /// Changes are all or nothing, and none sees another half done.
    changing: Mutex<()>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EnvUpdate {
    env: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct EnvRemoval {
    keys: Vec<Option<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Workdir {
    workdir: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Redaction {
    redact: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Promise {
    exit_status: i64,
    reason: String,
}

#[derive(Serialize)]
struct One<'a, T: ?Sized> {
    #[serde(flatten)]
    only: BTreeMap<&'static str, &'a T>,
}

impl Handler for Routes {
    fn refuse(&self, head: &Head) -> Option<Answer> {
        let started = Instant::now();
        let refusal = authentication::check(head.authorization.as_deref(), &self.token).err()?;
        self.note(head, started);
        Some(Answer::error(401, refusal.to_string()))
    }

    fn answer(&self, request: &Request) -> Answer {
        let started = Instant::now();
        let answer = self.route(request);
        self.note(&request.head, started);
        answer
    }
}

impl Routes {
    pub(super) fn new(job: Arc<dyn Job>, token: String) -> Self {
        Self { job, token, promises: Promises::default(), changing: Mutex::new(()) }
    }

    fn note(&self, head: &Head, started: Instant) {
        let (method, path, took) = (&head.method, &head.path, started.elapsed());
        self.job.served(&format!("Job API:\t{method}\t{path}\t{took:?}"));
    }

    fn route(&self, request: &Request) -> Answer {
        let Some(route) = request.head.path.strip_prefix(BASE) else { return Answer::not_found() };
        let answer = match (route, request.head.method.as_str()) {
            ("/env", "GET") => Ok(Answer::json(200, &one("env", &self.job.environment()))),
            ("/env", "PATCH") => self.change(&request.body),
            ("/env", "DELETE") => self.remove(&request.body),
            ("/workdir", "PUT") => self.workdir(&request.body),
            ("/redactions", "POST") => self.redact(&request.body),
            ("/promise-failure", "POST") => self.promise(&request.body),
            ("/env", _) => Ok(Answer::wrong_method("DELETE, GET, PATCH")),
            ("/workdir", _) => Ok(Answer::wrong_method("PUT")),
            ("/redactions" | "/promise-failure", _) => Ok(Answer::wrong_method("POST")),
            _ => Ok(Answer::not_found()),
        };
        answer.unwrap_or_else(|refusal| refusal)
    }

    fn change(&self, body: &[u8]) -> Result<Answer, Answer> {
        let EnvUpdate { env: update } = decode(body)?;
        let _all_or_nothing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.refuse_protected(update.keys())?;
        let nulls: Vec<_> =
            update.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str()).collect();
        if !nulls.is_empty() {
            return Err(Answer::error(
                422,
                format!(
                    "removing environment variables (ie setting them to null) is not permitted on this endpoint. \
                     The following keys were set to null: [{}]",
                    nulls.join(" ")
                ),
            ));
        }
        let before = self.job.environment();
        let (updated, added): (Vec<_>, Vec<_>) = update.keys().partition(|name| before.contains_key(*name));
        for (name, value) in &update {
            self.job.set(name, value.as_deref().unwrap_or_default());
        }
        let changes = BTreeMap::from([("added", added), ("updated", updated)]);
        Ok(Answer::json(200, &changes))
    }

    fn remove(&self, body: &[u8]) -> Result<Answer, Answer> {
        let removal: EnvRemoval = decode(body)?;
        let mut names: Vec<_> = removal.keys.into_iter().map(Option::unwrap_or_default).collect();
        let _all_or_nothing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.refuse_protected(names.iter())?;
        let before = self.job.environment();
        names.retain(|name| before.contains_key(name));
        names.sort_unstable();
        names.dedup();
        for name in &names {
            self.job.unset(name);
        }
        Ok(Answer::json(200, &one("deleted", &names)))
    }

    fn refuse_protected<'a>(&self, names: impl Iterator<Item = &'a String>) -> Result<(), Answer> {
        let mode = self.job.checkout_override();
        let locked: Vec<_> =
            names.filter(|name| !Protection::of(name).is_mutable_in_job(mode)).map(String::as_str).collect();
        if locked.is_empty() {
            return Ok(());
        }
        let mut text = format!(
            "the following environment variables are protected, and cannot be modified: [{}]",
            locked.join(" ")
        );
        let about_checkout = locked.iter().any(|name| Protection::of(name) == Protection::Checkout);
        if mode == OverrideMode::Strict && about_checkout {
            text.push_str(
                ". Checkout-related variables are locked because BUILDKITE_CHECKOUT_OVERRIDE_MODE=strict",
            );
        }
        Err(Answer::error(422, text))
    }

    fn workdir(&self, body: &[u8]) -> Result<Answer, Answer> {
        let Workdir { workdir } = decode(body)?;
        if workdir.is_empty() {
            return Err(Answer::error(422, "workdir must not be empty"));
        }
        let directory = Path::new(&workdir);
        if !directory.is_absolute() {
            return Err(Answer::error(422, format!("workdir must be an absolute path, got {workdir:?}")));
        }
        self.job.set_workdir(directory);
        Ok(Answer::json(200, &one("workdir", &workdir)))
    }

    fn redact(&self, body: &[u8]) -> Result<Answer, Answer> {
        let Redaction { redact } = decode(body)?;
        if !redact.is_empty() {
            self.job.redact(&redact);
        }
        Ok(Answer::json(201, &one("redacted", &redact)))
    }

    fn promise(&self, body: &[u8]) -> Result<Answer, Answer> {
        let Promise { exit_status, reason } = decode(body)?;
        if exit_status <= 0 {
            return Err(Answer::error(400, "exit_status must be a positive integer"));
        }
        let answer = self.promises.declare(exit_status, || self.job.promise_failure(exit_status, &reason));
        Ok(Answer::json(200, &answer))
    }
}

fn one<'a, T: ?Sized>(name: &'static str, value: &'a T) -> One<'a, T> {
    One { only: BTreeMap::from([(name, value)]) }
}

fn decode<T: serde::de::DeserializeOwned + Default>(body: &[u8]) -> Result<T, Answer> {
    first_value(body).map_err(|reason| Answer::error(400, format!("failed to decode request body: {reason}")))
}
