//! Tags of an agent, in the order in which they are registered (spec/agent.md §5).

use crate::machine::Machine;
use redkite_api::{go_arch, go_os};

/// Where tags come from besides the option of that name.
#[derive(Clone, Debug, Default)]
pub struct TagSources {
    /// `tags`, as a list that was cleaned already.
    pub given: Vec<String>,
    /// What the pod says of itself ([`of_pod`]).
    pub from_pod: Vec<String>,
    /// What the machine says of itself.
    pub from_host: FromHost,
    /// What clouds say of it.
    pub from_clouds: Vec<String>,
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
    tags.extend(sources.from_pod.iter().cloned());
    if sources.from_host == FromHost::Yes {
        tags.extend(host_tags(&Machine::ask()));
    }
    tags.extend(sources.from_clouds.iter().cloned());
    if sources.queue.is_empty() {
        return Ok(tags);
    }
    if tags.iter().any(|tag| tag.trim().starts_with("queue=")) {
        return Err(QueueTwice);
    }
    tags.push(format!("queue={}", sources.queue));
    Ok(tags)
}

/// The tags that `BUILDKITE_K8S_…` variables stand for: `BUILDKITE_K8S_SERVICE_ACCOUNT=x` is `k8s:service-account=x`.
pub fn of_pod(environment: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let tag = |(name, value): (String, String)| {
        let name = name.strip_prefix("BUILDKITE_K8S_")?.to_lowercase().replace('_', "-");
        Some(format!("k8s:{name}={value}"))
    };
    environment.into_iter().filter_map(tag).collect()
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
        let cloudy = TagSources { from_clouds: vec!["c=1".into()], ..sources(&["b"], "q") };
        assert_eq!(collect(&cloudy).unwrap(), ["b", "c=1", "queue=q"]);
        assert_eq!(collect(&sources(&[" queue=x"], "q")), Err(QueueTwice));
    }

    #[test]
    fn variables_of_the_pod_become_tags() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables =
            [pair("BUILDKITE_K8S_SERVICE_ACCOUNT", "x"), pair("A", "1"), pair("BUILDKITE_K8S_NODE", "")];
        let from_pod = of_pod(variables);
        assert_eq!(from_pod, ["k8s:service-account=x", "k8s:node="]);
        let sources = TagSources { from_pod, ..sources(&["a"], "q") };
        assert_eq!(collect(&sources).unwrap(), ["a", "k8s:service-account=x", "k8s:node=", "queue=q"]);
    }

    #[test]
    fn a_machine_without_id_has_no_tag_for_it() {
        let machine = Machine { hostname: "h".into(), ..Machine::default() };
        assert_eq!(host_tags(&machine).len(), 3);
    }
}
