//! Every rule as a table: a pipeline, what happens, how it then stands.

mod barriers;
mod dependencies;
mod ends;
mod manual;
mod simulation;
mod starts;
mod uploads;
mod world;

use world::World;

/// Plays `script`, lines separated by `;`, and compares the states of build and jobs.
#[track_caller]
fn check(pipeline: &str, script: &str, expected: &str) {
    assert_eq!(play(pipeline, script).show(), expected, "{pipeline}\n{script}");
}

/// The same for the states and outcomes of steps.
#[track_caller]
fn check_steps(pipeline: &str, script: &str, expected: &str) {
    assert_eq!(play(pipeline, script).show_steps(), expected, "{pipeline}\n{script}");
}

/// The last line of `script` is refused with these words.
#[track_caller]
fn check_refused(pipeline: &str, script: &str, words: &str) {
    let (script, last) = script.rsplit_once(';').unwrap_or(("", script));
    let mut world = play(pipeline, script);
    let refused = world.act(last.trim()).expect_err("the last line should be refused").to_string();
    assert!(refused.contains(words), "{refused:?} should contain {words:?}");
}

/// The pipeline itself is refused with these words.
#[track_caller]
fn check_invalid(pipeline: &str, words: &str) {
    let refused = World::new(pipeline).err().expect("the pipeline should be refused").to_string();
    assert!(refused.contains(words), "{refused:?} should contain {words:?}");
}

#[track_caller]
fn play(pipeline: &str, script: &str) -> World {
    let mut world = World::new(pipeline).unwrap_or_else(|refused| panic!("{pipeline}: {refused}"));
    for line in script.split(';').map(str::trim).filter(|line| !line.is_empty()) {
        world.act(line).unwrap_or_else(|refused| panic!("{pipeline}\n{line}: {refused}"));
    }
    world
}
