//! Tags of an agent, in the order in which they are registered (spec/agent.md §5).

use crate::machine::Machine;
use redkite_api::{go_arch, go_os};

/// Where tags come from besides the option of that name.
#[derive(Clone, Debug, Default)]
pub struct TagSources {
    /// `tags`, as a list that was cleaned already.
    pub given: Vec<String>,
    /// What the machine says of itself.
    pub from_host: FromHost,
    /// `queue`; empty for none.
    pub queue: String,
}

/// Whether facts of the machine become tags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FromHost {
    /// They don't.
    #[default]
    No,
    /// `tags-from-host`.
    Yes,
}

/// A queue was named twice.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("Queue must be present in only one of the --tags or the --queue flags")]
pub struct QueueTwice;

/// All tags of an agent.
///
/// # Errors
/// When the queue is named by a tag and by its own option.
pub fn collect(sources: &TagSources) -> Result<Vec<String>, QueueTwice> {
    let mut tags = sources.given.clone();
    if sources.from_host == FromHost::Yes {
        tags.extend(host_tags(&Machine::ask()));
    }
    if sources.queue.is_empty() {
        return Ok(tags);
    }
    if tags.iter().any(|tag| tag.trim().starts_with("queue=")) {
        return Err(QueueTwice);
    }
    tags.push(format!("queue={}", sources.queue));
    Ok(tags)
}

fn host_tags(machine: &Machine) -> Vec<String> {
    let id = machine.public_id();
    let id = (!id.is_empty()).then(|| format!("machine-id={id}"));
    [format!("hostname={}", machine.hostname), format!("os={}", go_os()), format!("arch={}", go_arch())]
        .into_iter()
        .chain(id)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(given: &[&str], queue: &str) -> TagSources {
        let given = given.iter().map(|tag| (*tag).to_owned()).collect();
        TagSources { given, queue: queue.to_owned(), ..TagSources::default() }
    }

    #[test]
    fn the_queue_comes_last_and_once() {
        assert_eq!(collect(&sources(&["b", "a=1"], "q")).unwrap(), ["b", "a=1", "queue=q"]);
        assert_eq!(collect(&sources(&["queue=x"], "")).unwrap(), ["queue=x"]);
        assert_eq!(collect(&sources(&[" queue=x"], "q")), Err(QueueTwice));
    }

    #[test]
    fn a_machine_without_id_has_no_tag_for_it() {
        let machine = Machine { hostname: "h".into(), ..Machine::default() };
        assert_eq!(host_tags(&machine).len(), 3);
    }
}
