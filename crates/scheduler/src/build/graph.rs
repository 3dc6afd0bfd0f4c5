//! Who waits for whom: explicit dependencies, barriers, uploaders (spec/control-plane.md §3.4–3.8).

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Build;
use super::job::Job;
use crate::definition::{Barrier, DefinitionError, DependsOn, Kind, OnFailure};
use crate::ids::StepId;
use crate::state::{JobKind, JobState};

/// The dependencies of every step of a build, by the steps' places in display order.
#[derive(Debug, Clone)]
pub(super) struct Graph {
    /// What each step waits for.
    pub(super) needs: Vec<Needs>,
    /// Which steps wait for each.
    pub(super) dependents: Vec<Vec<usize>>,
    /// The latest attempts of each step's jobs, by their places in the build; of a group, those of all
    /// its steps.
    pub(super) jobs: Vec<Vec<usize>>,
    /// Where each step and each group is.
    place: HashMap<StepId, usize>,
}

/// What one step waits for.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs {
    /// Steps, and what their failure means.
    pub(super) steps: Vec<(usize, OnFailure)>,
    /// The barrier before it, when its own place decides.
    pub(super) barrier: Option<usize>,
    /// Keys that no step has.
    pub(super) missing: Vec<String>,
}

/// A run of steps between two barriers, in the whole build or inside one group.
#[derive(Default)]
struct Scope {
    barrier: Option<usize>,
    since: Vec<usize>,
}

/// The lookups that the graph is made from.
struct Index<'a> {
    build: &'a Build,
    place: HashMap<StepId, usize>,
    key: HashMap<&'a str, usize>,
    uploads: HashMap<StepId, Vec<usize>>,
    children: HashMap<StepId, Vec<usize>>,
}

impl Graph {
    pub(super) fn of(build: &Build) -> Self {
        let index = Index::of(build);
        let count = build.steps.len();
        let mut graph = Self {
            needs: vec![Needs::default(); count],
            dependents: vec![Vec::new(); count],
            jobs: vec![Vec::new(); count],
            place: index.place.clone(),
        };
        graph.add_jobs(build);
        graph.add_places(&index);
        for place in 0..count {
            graph.add_explicit(&index, place);
        }
        for place in 0..count {
            for target in graph.targets(place).collect::<Vec<_>>() {
                graph.dependents[target].push(place);
            }
        }
        graph
    }

    /// The places of the steps, and of the groups they are in.
    pub(super) fn places(&self, build: &Build, steps: impl Iterator<Item = StepId>) -> BTreeSet<usize> {
        let with_group = |step: StepId| {
            let place = self.place.get(&step).copied();
            let group = place.and_then(|place| build.steps[place].group);
            [place, group.and_then(|group| self.place.get(&group).copied())]
        };
        steps.flat_map(with_group).flatten().collect()
    }

    fn add_jobs(&mut self, build: &Build) {
        for (number, job) in build.jobs.values().enumerate().filter(|(_, job)| !job.is_retried()) {
            for place in self.places(build, std::iter::once(job.step)) {
                self.jobs[place].push(number);
            }
        }
    }

    /// Barriers: each waits for everything since the one before it, everything behind waits for it.
    fn add_places(&mut self, index: &Index<'_>) {
        let build = index.build;
        let (mut outer, mut inner) = (Scope::default(), Scope::default());
        for (place, step) in build.steps.iter().enumerate() {
            if step.removed {
                continue;
            }
            if let Kind::Group(_) = step.definition.kind {
                let waits = step.definition.depends_on == DependsOn::Place;
                inner = Scope { barrier: if waits { outer.barrier } else { None }, since: Vec::new() };
                continue;
            }
            let separates = self.separates(build, place);
            let scope = if step.group.is_some() {
                outer.since.push(place);
                &mut inner
            } else {
                &mut outer
            };
            let needs = &mut self.needs[place];
            needs.barrier = scope.barrier;
            if separates {
                let tolerance = tolerance(&step.definition.kind);
                // What a group's steps uploaded stands behind the group, yet its waits cover it (W2).
                let above = scope.since.drain(..).flat_map(|above| match step.group {
                    Some(_) => index.all_of(above, place),
                    None => vec![above],
                });
                needs.steps = above.map(|above| (above, tolerance)).collect();
                scope.barrier = Some(place);
            } else {
                scope.since.push(place);
            }
        }
    }

    /// Whether the step is a barrier. One that is broken or skipped is none (§3.4 W7).
    pub(super) fn separates(&self, build: &Build, place: usize) -> bool {
        let kind = match &build.steps[place].definition.kind {
            Kind::Wait(_) => true,
            Kind::Manual(manual) => manual.barrier == Barrier::Separates,
            Kind::Command(_) | Kind::Trigger(_) | Kind::Group(_) => false,
        };
        let gone = |job: &usize| matches!(build.jobs[*job].state, JobState::Broken | JobState::Skipped);
        kind && !self.jobs[place].iter().all(gone)
    }

    /// `depends_on` of the step and of its group, or the uploader where neither says anything.
    fn add_explicit(&mut self, index: &Index<'_>, place: usize) {
        let step = &index.build.steps[place];
        if step.removed || matches!(step.definition.kind, Kind::Group(_)) {
            return;
        }
        let group = step.group.and_then(|group| index.place.get(&group));
        let of_group =
            group.map_or(&DependsOn::Place, |group| &index.build.steps[*group].definition.depends_on);
        let needs = &mut self.needs[place];
        match &step.definition.depends_on {
            DependsOn::Place if *of_group == DependsOn::Place => {
                let uploader = step.uploaded_by.and_then(|(uploader, _)| index.place.get(&uploader));
                needs.steps.extend(uploader.map(|uploader| (*uploader, OnFailure::Stops)));
            }
            DependsOn::Place => {}
            DependsOn::Nothing | DependsOn::Steps(_) => {
                needs.steps.clear();
                needs.barrier = None;
            }
        }
        for list in [&step.definition.depends_on, of_group] {
            let DependsOn::Steps(entries) = list else { continue };
            for entry in entries {
                match index.key.get(entry.step.as_str()) {
                    None => needs.missing.push(entry.step.clone()),
                    Some(target) => needs.steps.extend(
                        index.all_of(*target, place).into_iter().map(|step| (step, entry.on_failure)),
                    ),
                }
            }
        }
    }

    /// The steps of a circle of dependencies, if there is one.
    pub(super) fn check_cycles(&self, build: &Build) -> Result<(), DefinitionError> {
        let mut search = Search { graph: self, mark: vec![Mark::New; self.needs.len()], path: Vec::new() };
        for start in 0..self.needs.len() {
            if let Some(cycle) = search.from(start) {
                let steps =
                    cycle.into_iter().map(|place| build.steps[place].definition.name(place + 1)).collect();
                return Err(DefinitionError::Cycle { steps });
            }
        }
        Ok(())
    }

    /// Places of all steps that the step at `place` waits for.
    fn targets(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        let needs = &self.needs[place];
        needs.steps.iter().map(|(step, _)| *step).chain(needs.barrier)
    }
}

/// What the failure of a step above means to a barrier (§3.4 W3).
fn tolerance(kind: &Kind) -> OnFailure {
    match kind {
        Kind::Wait(on_failure) => *on_failure,
        _ => OnFailure::Stops,
    }
}

impl<'a> Index<'a> {
    fn of(build: &'a Build) -> Self {
        let mut index = Self {
            build,
            place: HashMap::new(),
            key: HashMap::new(),
            uploads: HashMap::new(),
            children: HashMap::new(),
        };
        for (place, step) in build.steps.iter().enumerate() {
            index.place.insert(step.id, place);
            if step.removed {
                continue;
            }
            if let Some(key) = step.key() {
                index.key.insert(key, place);
            }
            if let Some((uploader, _)) = step.uploaded_by {
                index.uploads.entry(uploader).or_default().push(place);
            }
            if let Some(group) = step.group {
                index.children.entry(group).or_default().push(place);
            }
        }
        index
    }

    /// The step, the steps in it if it is a group, and all that these uploaded, recursively (§3.8 D4).
    /// A step that `target` itself uploaded depends on `target` alone.
    fn all_of(&self, target: usize, dependent: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([target]);
        let mut open = vec![target];
        while let Some(place) = open.pop() {
            let step = &self.build.steps[place];
            if !matches!(step.definition.kind, Kind::Group(_)) {
                found.push(place);
            }
            let uploads = self.uploads.get(&step.id).filter(|_| !self.descends(dependent, place));
            for next in self.children.get(&step.id).into_iter().chain(uploads).flatten() {
                if seen.insert(*next) {
                    open.push(*next);
                }
            }
        }
        found
    }

    /// Whether the step at `place` was uploaded by the one at `ancestor`, directly or not.
    fn descends(&self, place: usize, ancestor: usize) -> bool {
        let ancestor = self.build.steps[ancestor].id;
        let mut step = &self.build.steps[place];
        while let Some((uploader, _)) = step.uploaded_by {
            if uploader == ancestor {
                return true;
            }
            let Some(next) = self.place.get(&uploader) else { return false };
            step = &self.build.steps[*next];
        }
        false
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnPath,
    Done,
}

/// Depth-first search for a circle, with its own stack: pipelines may be thousands of steps deep.
struct Search<'a> {
    graph: &'a Graph,
    mark: Vec<Mark>,
    path: Vec<(usize, Vec<usize>)>,
}

impl Search<'_> {
    fn from(&mut self, start: usize) -> Option<Vec<usize>> {
        self.enter(start);
        while let Some((place, rest)) = self.path.last_mut() {
            let place = *place;
            let Some(next) = rest.pop() else {
                self.mark[place] = Mark::Done;
                self.path.pop();
                continue;
            };
            match self.mark[next] {
                Mark::New => self.enter(next),
                Mark::Done => {}
                Mark::OnPath => {
                    return Some(
                        self.path.iter().map(|(step, _)| *step).skip_while(|step| *step != next).collect(),
                    );
                }
            }
        }
        None
    }

    fn enter(&mut self, place: usize) {
        if self.mark[place] == Mark::New {
            self.mark[place] = Mark::OnPath;
            self.path.push((place, self.graph.targets(place).collect()));
        }
    }
}

/// How a step stands towards those that wait for it (§3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not settled, and not only because a person has not submitted it.
    Open,
    /// An open block or input step.
    AsksPerson,
    /// Passed, failed softly, broken or skipped.
    Met,
    /// Failed; those who allow failure go on.
    Failed,
    /// Cancelled or expired; nobody goes on.
    Stopped,
}

impl Standing {
    pub(super) fn of<'a>(jobs: impl Iterator<Item = &'a Job>) -> Self {
        jobs.map(Self::of_job).fold(Self::Met, Self::and)
    }

    /// A step is as its jobs are: unsettled before failed, failed before passed.
    fn and(self, other: Self) -> Self {
        const fn rank(standing: Standing) -> u8 {
            match standing {
                Standing::Met => 0,
                Standing::Failed => 1,
                Standing::Stopped => 2,
                Standing::AsksPerson => 3,
                Standing::Open => 4,
            }
        }
        if rank(other) > rank(self) { other } else { self }
    }

    fn of_job(job: &Job) -> Self {
        if job.soft_failed {
            return Self::Met;
        }
        match job.state {
            JobState::Finished if job.has_passed() => Self::Met,
            JobState::Unblocked | JobState::Broken | JobState::Skipped => Self::Met,
            JobState::Finished
            | JobState::TimedOut
            | JobState::WaitingFailed
            | JobState::BlockedFailed
            | JobState::UnblockedFailed => Self::Failed,
            JobState::Canceled | JobState::Expired => Self::Stopped,
            JobState::Blocked if job.kind == JobKind::Manual => Self::AsksPerson,
            _ => Self::Open,
        }
    }
}
