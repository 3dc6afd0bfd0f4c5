use proptest::prelude::*;

use super::*;

const START: Duration = Duration::from_secs(300);
const GRACE: Duration = Duration::from_secs(9);

/// Containers at the times of a script.
struct Pod {
    members: Members,
    begun: Instant,
    now: Instant,
    orders: String,
}

impl Pod {
    fn new(count: usize, start: Option<Duration>) -> Self {
        let begun = Instant::now();
        let members = Members::new(count, Limits { start, grace: GRACE }, begun);
        Self { members, begun, now: begun, orders: String::new() }
    }

    /// One word of a script: `+N` registers, `~N` lives, `xN=S` exits, `-N` hangs up, `!` interrupts, `@S` seconds,
    /// `?S` seconds in which the agent was stopped.
    fn step(&mut self, word: &str) {
        let (kind, rest) = word.split_at(1);
        let place = || rest.parse::<usize>().expect("a place");
        match kind {
            "+" => {
                let id = rest.parse().expect("an id");
                let place = self.members.register(id, self.now).expect("it may register");
                self.members.joined(place);
            }
            "~" => self.members.heard(place(), self.now),
            "-" => {
                self.members.hung_up(place());
            }
            "!" => self.members.interrupt(self.now),
            "@" => self.now = self.begun + Duration::from_secs_f64(rest.parse().expect("seconds")),
            "?" => {
                self.now = self.begun + Duration::from_secs_f64(rest.parse().expect("seconds"));
                self.members.forgive_silence(self.now);
            }
            "x" => {
                let (place, status) = rest.split_once('=').expect("a place and a status");
                self.members.exited(place.parse().expect("a place"), status.parse().expect("a status"));
            }
            other => panic!("{other}"),
        }
        drop(self.members.tick(self.now));
        for (place, order) in self.members.orders() {
            let order = if order == Order::Start { '>' } else { '!' };
            self.orders.push_str(&format!("{place}{order}"));
        }
    }
}

/// Runs a script and compares what was told to whom, and how it ended.
fn check(count: usize, script: &str, orders: &str, end: &str) {
    let mut pod = Pod::new(count, Some(START));
    script.split(' ').for_each(|word| pod.step(word));
    let shown = match pod.members.end() {
        None => "open".to_owned(),
        Some(End::NotStarted) => "not started".to_owned(),
        Some(End::Decided(status)) => {
            let absent = if status.absent { " absent" } else { "" };
            let lost = if status.lost { " lost" } else { "" };
            format!("{}{absent}{lost}", status.code)
        }
    };
    assert_eq!((pod.orders.as_str(), shown.as_str()), (orders, end), "{script}");
}

#[test]
fn one_starts_when_the_one_before_ended() {
    check(3, "+0", "0>", "open");
    check(3, "+2 +1 +0", "0>", "open");
    check(3, "+0 +1 x0=0 +2", "0>1>", "open");
    check(3, "+0 +1 +2 x0=0 x1=0", "0>1>2>", "open");
    check(3, "+0 +1 +2 x0=0 x1=0 x2=0", "0>1>2>", "0");
    // The next one may come when the one before is done.
    check(2, "+0 x0=0 @200 +1 x1=0", "0>1>", "0");
    // One that ends before its turn lets nobody overtake those in front of it.
    check(3, "+1 x1=0 +2", "", "open");
    check(3, "+1 x1=0 +2 +0 x0=0", "0>2>", "open");
}

#[test]
fn the_first_that_decides_gives_the_status() {
    check(2, "+0 +1 x0=3", "0>", "3");
    check(2, "+0 +1 x0=-1", "0>", "-1");
    check(2, "+0 x0=4", "0>", "4 absent");
    check(3, "+0 +1 +2 x0=0 x1=0 x2=7", "0>1>2>", "7");
    check(3, "+0 +2 x0=0 x2=7", "0>", "-10 absent");
    // Once it is over nothing changes it.
    check(2, "+0 +1 x0=3 x1=4", "0>", "3");
    check(1, "+0 x0=0 -0", "0>", "0");
}

#[test]
fn who_falls_silent_is_lost() {
    check(1, "+0 @30", "0>", "open");
    check(1, "+0 @30.1", "0>", "-7 lost");
    check(1, "+0 @20 ~0 @49", "0>", "open");
    check(2, "+0 +1 @20 ~0 @31", "0>", "137 lost");
    check(2, "+0 x0=0 @31", "0>", "open");
    // Unless nobody could hear it.
    check(1, "+0 @10 ?100 @130", "0>", "open");
    check(1, "+0 @10 ?100 @131", "0>", "-7 lost");
}

#[test]
fn who_hangs_up_is_lost_unless_the_job_was_interrupted_before_its_turn() {
    check(1, "+0 -0", "0>", "-7 lost");
    check(2, "+0 +1 -1", "0>", "137 lost");
    check(2, "+0 +1 ! -1", "0>0!1!", "open");
    check(2, "+0 +1 ! -1 x0=0", "0>0!1!", "137");
    check(2, "+0 +1 ! -1 x0=-1", "0>0!1!", "-1");
    check(2, "+0 +1 ! -0", "0>0!1!", "-7 lost");
    let mut over = Pod::new(2, None);
    ["+0", "+1", "x0=3"].iter().for_each(|word| over.step(word));
    assert!(!over.members.hung_up(1), "everybody goes when it is over");
}

#[test]
fn all_must_register_in_time() {
    check(2, "+0 x0=0 @299.9", "0>", "open");
    check(2, "+0 x0=0 @300", "0>", "not started");
    check(1, "@300", "", "not started");
    check(1, "@250 +0 @260 ~0 @285 ~0 @310", "0>", "open");
    let mut pod = Pod::new(1, None);
    pod.step("@100000");
    assert_eq!(pod.members.end(), None);
}

#[test]
fn an_interrupt_ends_it_when_all_have_ended_or_after_the_grace_period() {
    check(2, "+0 +1 x0=0 ! @1 x1=15", "0>1>1!", "15");
    check(2, "+0 +1 x0=0 ! @1 x1=0", "0>1>1!", "0");
    check(1, "+0 @5 ! @13.9", "0>0!", "open");
    check(1, "+0 @5 ! @14", "0>0!", "137");
    check(1, "+0 @5 ! @7 ! @14", "0>0!", "137");
    check(2, "+0 ! @9", "0>0!", "137 absent");
    check(1, "! @9", "", "-10 absent");
    // Who comes late is told at once.
    check(2, "+0 ! +1", "0>0!1!", "open");
}

#[test]
fn without_containers_there_is_nothing_to_wait_for() {
    let pod = Pod::new(0, Some(START));
    assert_eq!(pod.members.end(), Some(End::Decided(Status { code: 0, absent: false, lost: false })));
}

#[test]
fn ids_are_known_and_used_once() {
    let mut pod = Pod::new(2, None);
    for (id, answer) in [
        (0, Ok(0)),
        (0, Err(Refusal::Twice(0))),
        (2, Err(Refusal::Unknown(2))),
        (-1, Err(Refusal::Unknown(-1))),
        (1, Ok(1)),
    ] {
        assert_eq!(pod.members.register(id, pod.now), answer, "{id}");
    }
    pod.step("-1");
    assert_eq!(pod.members.register(1, pod.now), Err(Refusal::Twice(1)));
}

#[test]
fn the_next_change_is_the_earliest() {
    let mut pod = Pod::new(2, Some(START));
    let after = |pod: &Pod| pod.members.next_change().map(|at| at.duration_since(pod.begun).as_secs());
    assert_eq!(after(&pod), Some(300));
    pod.step("+0");
    assert_eq!(after(&pod), Some(30));
    pod.step("!");
    assert_eq!(after(&pod), Some(9));
    let nobody = Pod::new(1, None);
    assert_eq!(nobody.members.next_change(), None);
}

/// What may happen to one of three containers, in any order.
fn event() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..3).prop_map(|place| format!("~{place}")),
        (0..3).prop_map(|place| format!("-{place}")),
        (0..3, -1..2).prop_map(|(place, status)| format!("x{place}={status}")),
        (0..3).prop_map(|place| format!("+{place}")),
        Just("!".to_owned()),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_one_works_at_a_time_and_the_end_stays(
        events in prop::collection::vec((event(), 0..20_u32), 0..40)
    ) {
        let mut pod = Pod::new(3, Some(START));
        let (mut seconds, mut end, mut started) = (0, None, 0);
        for (event, later) in events {
            seconds += later;
            pod.step(&format!("@{seconds}"));
            let is_known = event.starts_with('+') && pod.members.members[place_of(&event)] != Member::Absent;
            if !is_known {
                pod.step(&event);
            }
            let orders = std::mem::take(&mut pod.orders);
            prop_assert!(end.is_none() || orders.is_empty(), "{orders} after the end");
            prop_assert!(end.is_none() || end == pod.members.end());
            // Nobody starts twice, or before those in front of it have succeeded.
            for place in (0..3).filter(|place| orders.contains(&format!("{place}>"))) {
                prop_assert!(place >= started);
                started = place + 1;
                prop_assert!(pod.members.members[..place].iter().all(|member| *member == Member::Exited(0)));
            }
            end = pod.members.end();
        }
    }
}

fn place_of(word: &str) -> usize {
    word[1..].parse().expect("a place")
}
