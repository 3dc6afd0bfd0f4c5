//! The page for people: one file, without scripts or anything from elsewhere (spec/agent.md §12.2).

use super::board::{Board, Link, Shown, State, Trouble, WorkerStatus};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// A ping that is older than two intervals, in each of which it comes when chance has it, and this is marked.
const SLOW_PING: Duration = Duration::from_secs(5);
/// A heartbeat that is older is marked.
const OLD_HEARTBEAT: Duration = Duration::from_secs(150);

/// How a badge looks.
#[derive(Clone, Copy)]
enum Look {
    Good,
    Busy,
    Bad,
    Warn,
    Plain,
}

/// The whole page; `started` is when the agent was.
pub(super) fn page(board: &Board, started: Instant) -> String {
    let workers = board.workers();
    let states: Vec<_> = workers.iter().map(|worker| worker.state()).collect();
    let rows: String = workers
        .iter()
        .zip(&states)
        .enumerate()
        .map(|(place, (worker, state))| row(place + 1, worker, state))
        .collect();
    let troubles = board.troubles();
    // What needs somebody's eyes is never below a long list.
    let (above, below) = match troubles.is_empty() {
        true => (String::new(), troubles_html(&troubles)),
        false => (troubles_html(&troubles), String::new()),
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Status for buildkite-agent</title><style>{style}</style></head><body>\
         <header><h1>buildkite-agent</h1>{badges}</header>\
         <p class=\"note\">This page is for people; its form may change at any time. \
         Programs read <a href=\"/status.json\">/status.json</a> and <a href=\"/metrics\">/metrics</a>.</p>\
         {summary}{above}\
         <details open><summary>Agent Pool</summary><table><thead><tr><th>Worker</th><th>Connection</th><th>Job</th>\
         <th>Last ping</th><th>Last heartbeat</th></tr></thead><tbody>{rows}</tbody></table></details>\
         {below}</body></html>\n",
        style = include_str!("style.css"),
        badges = counts(&states),
        summary = summary(started),
    )
}

fn counts(states: &[State]) -> String {
    let count = |is: fn(&State) -> bool| states.iter().filter(|state| is(state)).count();
    let (all, busy) = (states.len(), count(|state| state.job.is_some()));
    let agents = if all == 1 { "1 agent".to_owned() } else { format!("{all} agents") };
    let failing = count(|state| state.heartbeat_error.is_some() || state.link == Link::Unreachable);
    let mut out = badge(Look::Plain, &agents)
        + &badge(if busy > 0 { Look::Busy } else { Look::Good }, &format!("{busy} busy"));
    let paused = count(|state| state.paused && state.link != Link::Gone);
    if paused > 0 {
        out += &badge(Look::Warn, &format!("{paused} paused"));
    }
    if failing > 0 {
        out += &badge(Look::Bad, &format!("{failing} in trouble"));
    }
    out
}

fn summary(started: Instant) -> String {
    let now = jiff::Zoned::now();
    let start = &now - started.elapsed();
    let date = |at: &jiff::Zoned| at.strftime("%a, %d %b %Y %H:%M:%S %Z").to_string();
    let executable = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let rows = [
        ("Version", format!("{}, build {}", redkite_api::AGENT_VERSION, redkite_api::AGENT_BUILD)),
        ("Running for", age(started.elapsed())),
        ("Started", date(&start)),
        ("Now", date(&now)),
        ("Host", crate::os::hostname().unwrap_or_default()),
        ("Process", format!("{} of user {}", std::process::id(), crate::os::user())),
        ("System", format!("{}/{}, {processors} processors", redkite_api::go_os(), redkite_api::go_arch())),
        ("Program", executable),
    ];
    let items: String = rows
        .iter()
        .map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", escaped(value)))
        .collect();
    format!("<section><dl>{items}</dl></section>")
}

fn row(number: usize, worker: &WorkerStatus, state: &State) -> String {
    let (look, word) = match (state.link, state.paused) {
        (Link::Connecting, _) => (Look::Plain, "connecting"),
        (Link::Unreachable, _) => (Look::Bad, "unreachable"),
        (Link::Gone, _) => (Look::Plain, "disconnected"),
        (_, true) => (Look::Warn, "paused"),
        (Link::Polling, false) => (Look::Good, "polling"),
        (Link::Streaming, false) => (Look::Good, "streaming"),
    };
    // Nobody waits for those of a worker that has gone.
    let limit = |usual| if state.link == Link::Gone { Duration::MAX } else { usual };
    let heartbeat = match &state.heartbeat_error {
        None => since(state.last_heartbeat, limit(OLD_HEARTBEAT)),
        Some(error) => format!("{} <small>{}</small>", badge(Look::Bad, "failed"), escaped(error)),
    };
    // A worker with a job doesn't ping, nor does one that listens to a stream.
    let is_busy = state.job.is_some() || state.link == Link::Streaming;
    let old_ping = if is_busy { Duration::MAX } else { 2 * worker.ping_interval + SLOW_PING };
    let cells = [
        ("Worker", format!("<span>{}<br><small>Worker {number}</small></span>", escaped(&worker.name))),
        ("Connection", format!("<span>{}</span>", badge(look, word))),
        ("Job", job(state.job.as_ref())),
        ("Last ping", format!("<span>{}</span>", since(state.last_ping, limit(old_ping)))),
        ("Last heartbeat", format!("<span>{heartbeat}</span>")),
    ];
    let cells: String =
        cells.iter().map(|(label, cell)| format!("<td data-l=\"{label}\">{cell}</td>")).collect();
    format!("<tr>{cells}</tr>")
}

fn job(job: Option<&Shown>) -> String {
    let Some(job) = job else { return "<small>none</small>".to_owned() };
    let name = escaped(if job.label.is_empty() { job.id.as_str() } else { &job.label });
    let name = if job.url.starts_with("https://") || job.url.starts_with("http://") {
        format!("<a href=\"{}\">{name}</a>", escaped(&job.url))
    } else {
        name
    };
    let running = badge(Look::Busy, &format!("running for {}", age(job.since.elapsed())));
    format!("<span>{name} {running}<br><small>{}</small></span>", escaped(job.id.as_str()))
}

fn troubles_html(troubles: &[Trouble]) -> String {
    let mut out = "<details open><summary>Recent errors</summary>".to_owned();
    if troubles.is_empty() {
        return out + "<p class=\"none\">None.</p></details>";
    }
    out += "<table><thead><tr><th>When</th><th>Worker</th><th>What</th></tr></thead><tbody>";
    for trouble in troubles.iter().rev() {
        let times = if trouble.times > 1 {
            badge(Look::Warn, &format!("{} times", trouble.times))
        } else {
            String::new()
        };
        let _ = write!(
            out,
            "<tr><td data-l=\"When\">{} ago</td><td data-l=\"Worker\">{}</td><td data-l=\"What\"><span>{} {times}</span></td></tr>",
            age(trouble.at.elapsed()),
            escaped(&trouble.worker),
            escaped(&trouble.text),
        );
    }
    out + "</tbody></table></details>"
}

fn since(at: Option<Instant>, limit: Duration) -> String {
    match at.map(|at| at.elapsed()) {
        None => "<small>none yet</small>".to_owned(),
        Some(elapsed) if elapsed > limit => badge(Look::Bad, &format!("{} ago", age(elapsed))),
        Some(elapsed) => format!("{} ago", age(elapsed)),
    }
}

fn badge(look: Look, text: &str) -> String {
    let class = match look {
        Look::Good => " good",
        Look::Busy => " busy",
        Look::Bad => " bad",
        Look::Warn => " warn",
        Look::Plain => "",
    };
    format!("<span class=\"b{class}\">{}</span>", escaped(text))
}

/// A span of time for people: its two largest units.
fn age(span: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let seconds = span.as_secs();
    let first = UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let mut rest = seconds;
    let shown = UNITS[first..].iter().take(2).map(|(size, unit)| {
        let count = rest / size;
        rest %= size;
        format!("{count}{unit}")
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_two_units() {
        for (seconds, expected) in
            [(0, "0s"), (59, "59s"), (61, "1m 1s"), (3_600, "1h 0m"), (90_061, "1d 1h"), (864_000, "10d 0h")]
        {
            assert_eq!(age(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn a_ping_that_is_overdue_is_marked() {
        let worker = Board::default().add("A".into(), "one".to_owned(), Duration::from_secs(10));
        for (link, seconds, expected) in [
            (Link::Polling, 20, false),
            (Link::Polling, 26, true),
            (Link::Unreachable, 26, true),
            (Link::Streaming, 26, false),
            (Link::Gone, 26, false),
        ] {
            let last_ping = Instant::now().checked_sub(Duration::from_secs(seconds));
            let shown = row(1, &worker, &State { link, last_ping, ..State::default() });
            let age = if expected {
                badge(Look::Bad, &format!("{seconds}s ago"))
            } else {
                format!("<span>{seconds}s ago")
            };
            assert!(shown.contains(&age), "{link:?} {seconds}: {shown}");
        }
    }

    #[test]
    fn the_page_shows_agents_jobs_connections_and_errors() {
        let board = Board::default();
        let first = board.add("A".into(), "<one>".to_owned(), Duration::from_secs(10));
        let second = board.add("B".into(), "two".to_owned(), Duration::from_secs(10));
        first.link(Link::Streaming);
        first.has_job(Some(Shown {
            id: "J".into(),
            label: "tests & more".to_owned(),
            url: "https://h/\"x".to_owned(),
            since: Instant::now(),
        }));
        second.link(Link::Unreachable);
        second.trouble("no <route>");
        second.trouble("no <route>");
        board.add("C".into(), "three".to_owned(), Duration::from_secs(10)).paused(true);
        let page = page(&board, Instant::now());
        for part in [
            "<title>Status for buildkite-agent</title>",
            "3 agents",
            "1 paused",
            "1 busy",
            "1 in trouble",
            "&lt;one&gt;",
            "streaming",
            "<a href=\"https://h/&quot;x\">tests &amp; more</a>",
            "unreachable",
            "no &lt;route&gt; <span class=\"b warn\">2 times</span>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        for outside in ["<script", "src=", "@import", "url("] {
            assert!(!page.contains(outside), "{outside}");
        }
        let paused = row(1, &second, &State { paused: true, link: Link::Polling, ..State::default() });
        assert!(paused.contains("paused"), "{paused}");
    }
}
