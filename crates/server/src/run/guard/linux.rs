//! Everybody who descends from this process, on Linux: orphans come to it, and `/proc` knows the rest.

use std::collections::HashMap;
use std::fs;
use std::io;

use redkite_process::Group;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, set_child_subreaper, waitid,
};

/// From now on descendants that lose their parent become children of this process.
pub(super) fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Kills every descendant there is right now.
pub(super) fn kill(_agents: &Group) {
    for pid in descendants() {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Kills and awaits descendants until none is left. The agents' own end has been seen before.
pub(super) fn end() {
    loop {
        for pid in descendants() {
            let _ = kill_process(pid, Signal::KILL);
        }
        match waitid(WaitId::All, WaitIdOptions::EXITED) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// Takes note of the end of children other than the agents, which somebody else awaits.
pub(super) fn reap_orphans(agents: u32) {
    loop {
        let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let Ok(Some(_)) = waitid(WaitId::All, peek) else { return };
        let ended: Vec<_> = children_that_ended().into_iter().filter(|pid| !is(*pid, agents)).collect();
        if ended.is_empty() {
            return;
        }
        for pid in ended {
            let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }
}

fn is(pid: Pid, number: u32) -> bool {
    u32::try_from(pid.as_raw_nonzero().get()) == Ok(number)
}

/// One line of the process table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    zombie: bool,
}

fn children_that_ended() -> Vec<Pid> {
    let me = getpid().as_raw_nonzero().get();
    let ended = table().into_iter().filter(|process| process.parent == me && process.zombie);
    ended.filter_map(|process| Pid::from_raw(process.pid)).collect()
}

fn descendants() -> Vec<Pid> {
    below(getpid().as_raw_nonzero().get(), &table()).into_iter().filter_map(Pid::from_raw).collect()
}

fn below(root: i32, table: &[Process]) -> Vec<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for process in table {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(parent) = next.pop() {
        let born = children.remove(&parent).unwrap_or_default();
        found.extend_from_slice(&born);
        next.extend(born);
    }
    found
}

fn table() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let pid: i32 = name.to_str()?.parse().ok()?;
            parse(pid, &fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
        })
        .collect()
}

/// `PID (NAME) STATE PARENT …`; the name may hold anything, parentheses too.
fn parse(pid: i32, stat: &str) -> Option<Process> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    Some(Process { pid, parent: fields.next()?.parse().ok()?, zombie: matches!(state, "Z" | "X") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_process_table() {
        for (stat, expected) in [
            ("7 (sh) S 3 7 7", Some((3, false))),
            ("7 (a) Z) (b) Z 12 7", Some((12, true))),
            ("7 (sh", None),
            ("", None),
        ] {
            let expected = expected.map(|(parent, zombie)| Process { pid: 7, parent, zombie });
            assert_eq!(parse(7, stat), expected, "{stat}");
        }
    }

    #[test]
    fn descendants_are_found_at_every_depth() {
        let process = |pid, parent| Process { pid, parent, zombie: false };
        let table = [process(2, 1), process(3, 2), process(4, 3), process(5, 9), process(6, 1)];
        let mut found = below(2, &table);
        found.sort_unstable();
        assert_eq!(found, [3, 4]);
    }
}
