//! Calls of a worker about itself, and of jobs about the agent they run on (spec/agent-api.md §9, §10.1, §13.7).

use crate::call::{Call, ignored, required};
use crate::path::Path;
use crate::policy;
use crate::wire::{Heartbeat, HeartbeatAnswer, Pause, Ping, RegisterAnswer, RegisterRequest, Stop};
use http::Method;

/// `POST register`, with the registration token.
#[must_use]
pub fn register(request: &RegisterRequest) -> Call<RegisterAnswer> {
    Call::new(Method::POST, Path::of(&["register"]), policy::REGISTER, required).json(request)
}

/// `POST connect`.
#[must_use]
pub fn connect() -> Call<()> {
    Call::new(Method::POST, Path::of(&["connect"]), policy::CONNECT, ignored)
}

/// `POST heartbeat`.
#[must_use]
pub fn heartbeat(beat: &Heartbeat) -> Call<HeartbeatAnswer> {
    Call::new(Method::POST, Path::of(&["heartbeat"]), policy::HEARTBEAT, required).json(beat)
}

/// `GET ping`.
#[must_use]
pub fn ping() -> Call<Ping> {
    Call::new(Method::GET, Path::of(&["ping"]), policy::ONCE, required)
}

/// `POST disconnect`.
#[must_use]
pub fn disconnect() -> Call<()> {
    Call::new(Method::POST, Path::of(&["disconnect"]), policy::DISCONNECT, ignored)
}

/// `POST pause`.
#[must_use]
pub fn pause(pause: &Pause) -> Call<()> {
    Call::new(Method::POST, Path::of(&["pause"]), policy::CONTROL, ignored).json(pause)
}

/// `POST resume`.
#[must_use]
pub fn resume() -> Call<()> {
    Call::new(Method::POST, Path::of(&["resume"]), policy::CONTROL, ignored)
}

/// `POST stop`.
#[must_use]
pub fn stop(stop: &Stop) -> Call<()> {
    Call::new(Method::POST, Path::of(&["stop"]), policy::CONTROL, ignored).json(stop)
}
