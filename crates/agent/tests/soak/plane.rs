//! A plane that hands out short jobs, keeps what comes of them, and fails at random.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

use serde_json::{Value, json};

use crate::dice::{Dice, Fault, TooMany};
use crate::http::{Answer, Request};

/// Jobs that run at once, for the sake of the machine.
const AT_ONCE: usize = 30;
/// Small enough that most logs are cut.
const MAX_CHUNK: u64 = 2_000;

/// Whether requests meet faults, and agents get jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// While the agents come and go.
    Calm,
    Storm,
}

/// All that the plane knows.
pub(crate) struct Plane {
    pub(crate) endpoint: String,
    pub(crate) weather: Weather,
    pub(crate) dice: Dice,
    pub(crate) registered: usize,
    pub(crate) connected: usize,
    pub(crate) disconnected: usize,
    /// How often each fault happened.
    pub(crate) faults: BTreeMap<String, u64>,
    pub(crate) jobs: BTreeMap<String, Job>,
    /// Jobs that are not finished, by the token of their agent.
    open: HashMap<String, String>,
}

/// One job, as it was ordered and as it came out.
pub(crate) struct Job {
    lines: u64,
    exit_status: u64,
    pause: u64,
    started: bool,
    /// Sequence to offset and bytes.
    chunks: BTreeMap<u64, (usize, Vec<u8>)>,
    pub(crate) finish: Option<Value>,
}

impl Plane {
    pub(crate) fn new(endpoint: String, seed: u64) -> Self {
        Self {
            endpoint,
            weather: Weather::Calm,
            dice: Dice::new(seed),
            registered: 0,
            connected: 0,
            disconnected: 0,
            faults: BTreeMap::new(),
            jobs: BTreeMap::new(),
            open: HashMap::new(),
        }
    }

    /// What happens to a request, and what is answered.
    pub(crate) fn on(&mut self, request: &Request) -> (Answer, Fault) {
        let fault = match self.weather {
            Weather::Calm => Fault::None,
            Weather::Storm => {
                let is_chunk = request.line.ends_with("/chunks");
                Fault::roll(&mut self.dice, if is_chunk { TooMany::Never } else { TooMany::Allowed })
            }
        };
        let name = format!("{fault:?}").split('(').next().unwrap_or_default().to_owned();
        *self.faults.entry(name).or_default() += 1;
        let answer = match fault {
            Fault::Refused(_) | Fault::Reset => (503, json!({ "message": "not today" })),
            _ => self.act(request),
        };
        (answer, fault)
    }

    pub(crate) fn unfinished(&self) -> usize {
        self.open.len()
    }

    fn act(&mut self, request: &Request) -> Answer {
        let words: Vec<_> = request.line.split([' ', '/']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            ["POST", "v3", "register"] => self.register(),
            ["POST", "v3", "connect"] => count(&mut self.connected),
            ["POST", "v3", "disconnect"] => count(&mut self.disconnected),
            ["POST", "v3", "heartbeat"] => (200, json!({ "sent_at": "", "received_at": "" })),
            ["GET", "v3", "ping"] => (200, self.ping(&request.token)),
            ["PUT", "v3", "jobs", id, "accept"] => {
                self.jobs.get(*id).map_or_else(unknown, |job| job.accepted(id))
            }
            ["PUT", "v3", "jobs", id, "start"] => self.job(id, |job| {
                job.started = true;
                (200, json!({}))
            }),
            ["GET", "v3", "jobs", _] => (200, json!({ "state": "running" })),
            ["POST", "v3", "jobs", id, "chunks"] => self.job(id, |job| job.chunk(request)),
            ["PUT", "v3", "jobs", id, "finish"] => self.finish(&request.token, id, &request.body),
            // Among them the stream of pings, which this plane doesn't have.
            _ => unknown(),
        }
    }

    fn job(&mut self, id: &str, act: impl FnOnce(&mut Job) -> Answer) -> Answer {
        self.jobs.get_mut(id).map_or_else(unknown, act)
    }

    fn register(&mut self) -> Answer {
        self.registered += 1;
        let number = self.registered;
        let answer = json!({
            "id": format!("agent-{number}"), "name": format!("soak-{number}"), "access_token": format!("s{number}"),
            "endpoint": self.endpoint, "ping_interval": 1, "job_status_interval": 1, "heartbeat_interval": 3,
            "meta_data": [],
        });
        (200, answer)
    }

    /// The job that the agent has not begun, however often it was offered; else a new one.
    fn ping(&mut self, token: &str) -> Value {
        let id = match self.open.get(token) {
            Some(id) if !self.jobs[id].started => id.clone(),
            Some(_) => return json!({ "action": "idle" }),
            None if self.weather == Weather::Calm || self.open.len() >= AT_ONCE => {
                return json!({ "action": "idle" });
            }
            None => self.order(token),
        };
        json!({ "action": "idle", "job": { "id": id } })
    }

    fn order(&mut self, token: &str) -> String {
        let id = format!("job-{}", self.jobs.len() + 1);
        let job = Job {
            lines: self.dice.below(150),
            exit_status: if self.dice.below(3) == 0 { 1 + self.dice.below(100) } else { 0 },
            pause: self.dice.below(3),
            started: false,
            chunks: BTreeMap::new(),
            finish: None,
        };
        self.jobs.insert(id.clone(), job);
        self.open.insert(token.to_owned(), id.clone());
        id
    }

    fn finish(&mut self, token: &str, id: &str, body: &[u8]) -> Answer {
        let Some(job) = self.jobs.get_mut(id) else { return unknown() };
        if job.finish.is_some() {
            return (422, json!({ "message": "already finished" }));
        }
        job.finish = Some(serde_json::from_slice(body).expect("a finish is JSON"));
        self.open.remove(token);
        (200, json!({}))
    }
}

fn count(counter: &mut usize) -> Answer {
    *counter += 1;
    (200, json!({}))
}

fn unknown() -> Answer {
    (404, json!({ "message": "not found" }))
}

impl Job {
    fn accepted(&self, id: &str) -> Answer {
        let env = json!({
            "BUILDKITE_JOB_ID": id, "BUILDKITE_BUILD_URL": "http://127.0.0.1/soak", "BUILDKITE_REPO": "none",
            "SOAK_LINES": self.lines.to_string(), "SOAK_EXIT": self.exit_status.to_string(),
            "SOAK_PAUSE": self.pause.to_string(),
        });
        let answer = json!({
            "id": id, "env": env, "step": {}, "chunks_max_size_bytes": MAX_CHUNK, "chunks_interval_seconds": 1,
        });
        (200, answer)
    }

    fn chunk(&mut self, request: &Request) -> Answer {
        let parameter = |name: &str| {
            let pairs = request.query.split('&').filter_map(|pair| pair.split_once('='));
            let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next();
            value
                .and_then(|value| value.parse::<u64>().ok())
                .unwrap_or_else(|| panic!("{name}: {}", request.query))
        };
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(request.body.as_slice())
            .read_to_end(&mut bytes)
            .expect("a chunk is gzip");
        assert_eq!(parameter("size"), bytes.len() as u64);
        assert!(bytes.len() as u64 <= MAX_CHUNK, "{} bytes in a chunk", bytes.len());
        let chunk = (parameter("offset") as usize, bytes);
        let known = self.chunks.entry(parameter("sequence")).or_insert_with(|| chunk.clone());
        assert_eq!(*known, chunk, "a chunk that is sent again is the same");
        (200, json!({}))
    }

    /// The log as it came, without time codes and terminal line ends.
    fn log(&self) -> String {
        let mut log = Vec::new();
        for (place, (sequence, (offset, bytes))) in self.chunks.iter().enumerate() {
            assert_eq!((*sequence, *offset), (place as u64 + 1, log.len()), "chunks follow each other");
            log.extend_from_slice(bytes);
        }
        let text = String::from_utf8(log).expect("a log of text");
        let mut parts = text.split("\x1b_bk;t=");
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.split_once('\x07').map_or("", |(_, text)| text));
        std::iter::once(first.as_str()).chain(rest).collect::<String>().replace("\r\n", "\n")
    }

    /// What is wrong with how it came out, if anything.
    pub(crate) fn fault(&self, id: &str) -> Option<String> {
        let expected: String = (0..self.lines).map(|line| format!("{id} says {line}\n")).collect();
        let Some(finish) = &self.finish else { return Some(format!("{id} was not finished")) };
        let is_right = finish["exit_status"].as_str() == Some(&self.exit_status.to_string())
            && finish["chunks_failed_count"] == 0
            && finish.get("signal_reason").is_none();
        if !is_right {
            return Some(format!("{id} should have ended with {}: {finish}", self.exit_status));
        }
        let log = self.log();
        (log != expected).then(|| format!("{id}: {} lines of log became\n{log}", self.lines))
    }
}
