//! Values by key, changed only by who knows them (docs/spec/local-apis.md §5.1).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use crate::http::{Answer, Request, first_value};
use crate::server::listening::Handler;

const PING: &str = "/api/leader/v0/ping";
const LOCK: &str = "/api/leader/v0/lock";

/// The routes of an agent's socket. Absent and empty values are the same.
#[derive(Debug, Default)]
pub(super) struct LockRoutes {
    values: Mutex<HashMap<Vec<u8>, String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Swap {
    old: String,
    new: String,
}

#[derive(Serialize)]
struct Pong {
    now: String,
}

#[derive(Serialize)]
struct Held<'a> {
    value: &'a str,
}

#[derive(Serialize)]
struct Swapped<'a> {
    value: &'a str,
    swapped: bool,
}

impl Handler for LockRoutes {
    fn answer(&self, request: &Request) -> Answer {
        let started = Instant::now();
        let answer = self.route(request);
        let (method, path, took) = (&request.head.method, &request.head.path, started.elapsed());
        tracing::debug!("Agent API:\t{method}\t{path}\t{took:?}");
        answer
    }
}

impl LockRoutes {
    fn route(&self, request: &Request) -> Answer {
        let path =
            request.head.path.strip_suffix('/').filter(|path| *path == LOCK).unwrap_or(&request.head.path);
        match (path, request.head.method.as_str()) {
            (PING, "GET") => Answer::json(200, &Pong { now: Timestamp::now().to_string() }),
            (LOCK, "GET" | "PATCH") => match key(&request.head.query) {
                None => Answer::error(404, "key missing"),
                Some(key) if request.head.method == "GET" => self.get(&key),
                Some(key) => self.swap(key, &request.body),
            },
            (PING, _) => Answer::wrong_method("GET"),
            (LOCK, _) => Answer::wrong_method("GET, PATCH"),
            _ => Answer::not_found(),
        }
    }

    fn get(&self, key: &[u8]) -> Answer {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        Answer::json(200, &Held { value: values.get(key).map_or("", String::as_str) })
    }

    fn swap(&self, key: Vec<u8>, body: &[u8]) -> Answer {
        let Swap { old, new } = match first_value(body) {
            Ok(swap) => swap,
            Err(reason) => return Answer::error(400, format!("couldn't decode request body: {reason}")),
        };
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let held = values.get(&key).map_or("", String::as_str);
        if held != old {
            return Answer::json(200, &Swapped { value: held, swapped: false });
        }
        let answer = Answer::json(200, &Swapped { value: &new, swapped: true });
        // What nobody holds takes no room: names of locks may be made up for each build.
        if new.is_empty() {
            values.remove(&key);
        } else {
            values.insert(key, new);
        }
        answer
    }
}

/// The key of a query, unless it is empty. A key can be any bytes.
fn key(query: &str) -> Option<Vec<u8>> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).collect::<Vec<u8>>();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(name, _)| decoded(name) == b"key")?;
    Some(decoded(value)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::plain;

    fn ask(routes: &LockRoutes, method: &str, path: &str, query: &str, body: &str) -> String {
        let head = plain(method, &format!("{path}?{query}"));
        let request = Request { head, body: body.as_bytes().to_vec() };
        let answer = routes.answer(&request);
        format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body).trim_end())
    }

    #[test]
    fn values_are_swapped_by_who_knows_them() {
        let routes = LockRoutes::default();
        let (lock, key) = ("/api/leader/v0/lock/", "key=a%20key%2F+%3F");
        assert_eq!(ask(&routes, "GET", lock, key, ""), "200 {\"value\":\"\"}");
        let take = "{\"old\":\"\",\"new\":\"t\"}";
        assert_eq!(ask(&routes, "PATCH", lock, key, take), "200 {\"value\":\"t\",\"swapped\":true}");
        assert_eq!(ask(&routes, "PATCH", lock, key, take), "200 {\"value\":\"t\",\"swapped\":false}");
        assert_eq!(ask(&routes, "GET", LOCK, key, ""), "200 {\"value\":\"t\"}");
        assert_eq!(ask(&routes, "GET", LOCK, "key=other", ""), "200 {\"value\":\"\"}");
        let leave = "{\"old\":\"t\",\"new\":\"\"}";
        assert_eq!(ask(&routes, "PATCH", lock, "key=other", leave), "200 {\"value\":\"\",\"swapped\":false}");
        assert_eq!(ask(&routes, "PATCH", lock, key, leave), "200 {\"value\":\"\",\"swapped\":true}");
        assert!(routes.values.lock().expect("nobody panics").is_empty());
    }

    #[test]
    fn what_is_no_lock_is_refused() {
        let routes = LockRoutes::default();
        assert_eq!(ask(&routes, "GET", LOCK, "key=", ""), "404 {\"error\":\"key missing\"}");
        assert_eq!(ask(&routes, "POST", LOCK, "key=a", ""), "405 ");
        assert_eq!(ask(&routes, "GET", "/api", "", ""), "404 404 page not found");
        assert!(ask(&routes, "PATCH", LOCK, "key=a", "{").starts_with("400 "));
        assert!(ask(&routes, "GET", PING, "", "").starts_with("200 {\"now\":\"2"));
    }
}
