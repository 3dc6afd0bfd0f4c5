use super::*;
use crate::run::view::Paint;

fn choices(labels: &[&str]) -> Vec<Choice> {
    labels.iter().map(|label| Choice { label: (*label).to_owned(), value: label.to_lowercase() }).collect()
}

fn field(key: &str, presence: Presence, input: Input) -> Field {
    let hint = Some(format!("about {key}"));
    Field { key: key.to_owned(), label: key.to_uppercase(), hint, presence, input }
}

fn release() -> Prompt {
    Prompt::new(Blocked {
        step: "s".to_owned(),
        key: Some("release".to_owned()),
        label: "Release".to_owned(),
        prompt: Some("Ship it?\nEverybody sees it.".to_owned()),
        fields: vec![
            field("name", Presence::Required, Input::Text { default: None, format: None }),
            field(
                "to",
                Presence::Required,
                Input::Select { options: choices(&["Staging", "Production"]), default: None },
            ),
            field(
                "regions",
                Presence::Optional,
                Input::MultiSelect { options: choices(&["EU", "US", "AP"]), defaults: vec!["us".to_owned()] },
            ),
        ],
    })
}

fn press(prompt: &mut Prompt, keys: impl IntoIterator<Item = Key>) -> Option<Answer> {
    keys.into_iter().filter_map(|key| prompt.press(key)).next()
}

fn drawn(prompt: &Prompt) -> String {
    prompt.lines(60).iter().map(|line| line.text(Paint::None) + "\n").collect()
}

#[test]
fn asks_field_after_field() {
    use Key::{Backspace, Char, Down, Enter};
    let mut prompt = release();
    let mut screens = vec![drawn(&prompt)];
    assert_eq!(press(&mut prompt, [Enter]), None);
    screens.push(drawn(&prompt));
    assert_eq!(press(&mut prompt, [Char('v'), Char('x'), Backspace, Char('1'), Enter]), None);
    screens.push(drawn(&prompt));
    assert_eq!(press(&mut prompt, [Down, Down, Down, Enter]), None);
    screens.push(drawn(&prompt));
    insta::assert_snapshot!(screens.join("----\n"));
    let answer = press(&mut prompt, [Char(' '), Down, Down, Char(' '), Enter]);
    let expected = [("name", "v1"), ("to", "production"), ("regions", "eu\nus\nap")];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    assert_eq!(answer, Some(Answer::Unblock(expected)));
}

#[test]
fn no_fields_is_a_confirmation() {
    let mut prompt = Prompt::new(Blocked {
        step: "s".to_owned(),
        key: None,
        label: "Go on".to_owned(),
        prompt: None,
        fields: Vec::new(),
    });
    assert_eq!(drawn(&prompt), "? Go on\n  Enter continues · Esc leaves it blocked\n");
    assert_eq!(press(&mut prompt, [Key::Char('x'), Key::Up, Key::Enter]), Some(Answer::Unblock(Vec::new())));
}

#[test]
fn a_person_can_leave() {
    assert_eq!(press(&mut release(), [Key::Escape]), Some(Answer::Leave));
    assert_eq!(press(&mut release(), [Key::Interrupt]), Some(Answer::Interrupt));
}

#[test]
fn a_refused_answer_asks_again() {
    let mut prompt = release();
    press(&mut prompt, [Key::Char('v'), Key::Enter, Key::Enter, Key::Enter]);
    prompt.complain("name must match v[0-9]+".to_owned());
    let screen = drawn(&prompt);
    assert!(screen.contains("name must match v[0-9]+") && screen.contains("  NAME\n"), "{screen}");
}

#[test]
fn an_optional_select_can_stay_empty() {
    let options = choices(&["A", "B"]);
    let mut prompt = Prompt::new(Blocked {
        step: "s".to_owned(),
        key: None,
        label: "Pick".to_owned(),
        prompt: None,
        fields: vec![field("pick", Presence::Optional, Input::Select { options, default: None })],
    });
    assert!(drawn(&prompt).contains("› ● (none)"));
    let answer = press(&mut prompt, [Key::Enter]);
    assert_eq!(answer, Some(Answer::Unblock(vec![("pick".to_owned(), String::new())])));
}

#[test]
fn a_long_answer_shows_its_end() {
    let mut prompt = release();
    press(&mut prompt, ('a'..='z').map(Key::Char));
    let line = prompt.lines(20).iter().map(|line| line.text(Paint::None)).find(|line| line.contains('>'));
    assert_eq!(line.as_deref(), Some("  > …nopqrstuvwxyz▏"));
}
