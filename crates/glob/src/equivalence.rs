//! The automaton held against regular expressions, into which the specification translates patterns.

use proptest::prelude::*;

use super::program::Program;
use super::symbol::Symbol;
use super::tokens::{Token, tokens};

/// Patterns of few characters, so that paths of as few often match.
fn pattern() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "a", "b", "/", "?", "*", "**", "**/", "/**/", "[ab]", "[^a]", "[]", "[^]", "\\*",
    ]);
    let leaf = leaf.prop_map(str::to_owned);
    let nested = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|parts| format!("{{{}}}", parts.join(","))),
            prop::collection::vec(inner, 1..4).prop_map(|parts| parts.concat()),
        ]
    });
    prop::collection::vec(nested, 0..4).prop_map(|parts| parts.concat())
}

fn path() -> impl Strategy<Value = String> {
    "[ab/*]{0,8}"
}

fn escaped(symbol: &Symbol) -> String {
    let Symbol::Char(c) = symbol else { unreachable!("patterns are text here") };
    regex::escape(&c.to_string())
}

fn expression(tokens: &[Token]) -> regex::Regex {
    let mut depth = 0;
    let mut text = "^(?s:".to_owned();
    for token in tokens {
        let piece = match token {
            Token::Literal(symbol) => escaped(symbol),
            Token::One => "[^/]".to_owned(),
            Token::Run => "[^/]*".to_owned(),
            Token::Deep => ".*".to_owned(),
            Token::Class { negated: true, members } if members.is_empty() => ".".to_owned(),
            Token::Class { negated: false, members } if members.is_empty() => "[a&&b]".to_owned(),
            Token::Class { negated, members } => {
                let members: String = members.iter().map(escaped).collect();
                format!("[{}{members}]", if *negated { "^" } else { "" })
            }
            Token::Open => "(?:".to_owned(),
            Token::Comma if depth > 0 => "|".to_owned(),
            Token::Comma => ",".to_owned(),
            Token::Close if depth > 0 => ")".to_owned(),
            Token::Close => "\\}".to_owned(),
        };
        depth += i32::from(*token == Token::Open) - i32::from(*token == Token::Close && depth > 0);
        text.push_str(&piece);
    }
    regex::Regex::new(&(text + ")$")).expect("every pattern has an expression")
}

proptest! {
    #[test]
    fn a_pattern_matches_what_its_expression_matches(pattern in pattern(), path in path()) {
        let tokens = tokens(pattern.as_bytes(), b"/home").expect("only whole patterns are made");
        let program = Program::new(&tokens);
        let matched = program.is_match(&program.advance(&program.start(), path.as_bytes()));
        prop_assert_eq!(matched, expression(&tokens).is_match(&path), "{} on {}", pattern, path);
    }

    #[test]
    fn where_a_path_is_cut_changes_nothing(pattern in pattern(), before in path(), after in path()) {
        let program = Program::new(&tokens(pattern.as_bytes(), b"/home").expect("only whole patterns are made"));
        let cut = program.advance(&program.advance(&program.start(), before.as_bytes()), after.as_bytes());
        let whole = program.advance(&program.start(), (before + &after).as_bytes());
        prop_assert_eq!(program.is_match(&cut), program.is_match(&whole));
        prop_assert_eq!(cut.is_dead(), whole.is_dead());
    }
}
