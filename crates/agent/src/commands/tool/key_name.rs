//! A name for a key that nobody named: two words that are easy to tell apart.

use uuid::Uuid;

const FIRST: [&str; 32] = [
    "amber", "brisk", "calm", "copper", "crimson", "dusty", "early", "fabled", "gentle", "golden", "hidden",
    "ivory", "jolly", "keen", "lively", "mellow", "nimble", "olive", "proud", "quiet", "rapid", "rusty",
    "silver", "steady", "sunny", "tidy", "umber", "velvet", "vivid", "wild", "young", "zesty",
];

const SECOND: [&str; 32] = [
    "anchor", "badger", "beacon", "canyon", "cedar", "comet", "delta", "ember", "falcon", "fjord", "glacier",
    "harbor", "heron", "island", "juniper", "kite", "lagoon", "lantern", "maple", "meadow", "nebula",
    "otter", "pebble", "quartz", "raven", "river", "summit", "thicket", "tundra", "valley", "willow",
    "zephyr",
];

/// Two random words joined by a hyphen.
pub(super) fn random() -> String {
    let bytes = Uuid::new_v4().into_bytes();
    let word = |words: [&'static str; 32], byte: u8| words[usize::from(byte) % words.len()];
    format!("{}-{}", word(FIRST, bytes[0]), word(SECOND, bytes[1]))
}
