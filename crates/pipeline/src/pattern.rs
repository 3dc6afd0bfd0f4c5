//! Patterns over the paths of changed files (spec/pipeline.md §13).

/// A pattern is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad pattern {pattern:?}: missing {missing:?}")]
pub struct BadPattern {
    /// The pattern.
    pub pattern: String,
    /// What it lacks.
    pub missing: char,
}

/// A pattern, ready to be matched against whole paths in linear time.
#[derive(Debug, Clone)]
pub struct PathPattern {
    states: Vec<State>,
    start: StateId,
}

type StateId = usize;

/// A state of the automaton: it consumes a character, or leads on without one.
#[derive(Debug, Clone)]
enum State {
    Accept,
    One(Chars, StateId),
    Fork(Vec<StateId>),
}

/// What a single character must be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chars {
    Any,
    NotSlash,
    Only(char),
    Of { negated: bool, listed: Vec<char> },
}

impl Chars {
    fn accept(&self, character: char) -> bool {
        match self {
            Self::Any => true,
            Self::NotSlash => character != '/',
            Self::Only(only) => *only == character,
            Self::Of { negated, listed } => listed.contains(&character) != *negated,
        }
    }
}

/// A part of a pattern.
#[derive(Debug, Clone)]
enum Token {
    One(Chars),
    /// `*` and `**`
    Run(Chars),
    /// `**/` at the beginning of a segment: any directories, also none.
    Directories,
    /// `{…}`
    Either(Vec<Vec<Token>>),
}

impl PathPattern {
    /// Reads a pattern; a leading `~/` stands for the directory `home`, if there is one.
    pub fn new(pattern: &str, home: Option<&str>) -> Result<Self, BadPattern> {
        let expanded = match (pattern.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
            _ => pattern.to_owned(),
        };
        let mut parser = Parser { chars: expanded.chars().collect(), at: 0 };
        let tokens = parser
            .tokens(Within::Pattern, true)
            .map_err(|missing| BadPattern { pattern: pattern.to_owned(), missing })?;
        let mut compiled = Self { states: vec![State::Accept], start: 0 };
        compiled.start = compiled.sequence(&tokens, 0);
        Ok(compiled)
    }

    /// Whether the whole of `path` matches.
    pub fn matches(&self, path: &str) -> bool {
        let mut current = Active::new(self.states.len());
        let mut next = Active::new(self.states.len());
        self.enter(self.start, &mut current);
        for character in path.chars() {
            for &id in &current.ids {
                if let State::One(chars, after) = &self.states[id]
                    && chars.accept(character)
                {
                    self.enter(*after, &mut next);
                }
            }
            std::mem::swap(&mut current, &mut next);
            next.clear();
        }
        current.ids.iter().any(|&id| matches!(self.states[id], State::Accept))
    }

    /// Adds a state and everything that it leads to without a character.
    fn enter(&self, id: StateId, active: &mut Active) {
        if !active.insert(id) {
            return;
        }
        if let State::Fork(ways) = &self.states[id] {
            ways.iter().for_each(|&way| self.enter(way, active));
        }
    }

    fn add(&mut self, state: State) -> StateId {
        self.states.push(state);
        self.states.len() - 1
    }

    /// States for `tokens`, leading to `after`; returns where they begin.
    fn sequence(&mut self, tokens: &[Token], after: StateId) -> StateId {
        tokens.iter().rev().fold(after, |after, token| match token {
            Token::One(chars) => self.add(State::One(chars.clone(), after)),
            Token::Run(chars) => self.run(chars.clone(), vec![after]),
            Token::Directories => {
                let slash = self.add(State::One(Chars::Only('/'), after));
                let some = self.run(Chars::Any, vec![slash]);
                self.add(State::Fork(vec![after, some]))
            }
            Token::Either(alternatives) => {
                let ways = alternatives.iter().map(|tokens| self.sequence(tokens, after)).collect();
                self.add(State::Fork(ways))
            }
        })
    }

    /// Any number of `chars`, then one of `ways`.
    fn run(&mut self, chars: Chars, mut ways: Vec<StateId>) -> StateId {
        let fork = self.add(State::Fork(Vec::new()));
        ways.push(self.add(State::One(chars, fork)));
        self.states[fork] = State::Fork(ways);
        fork
    }
}

/// The states an automaton is in.
struct Active {
    ids: Vec<StateId>,
    present: Vec<bool>,
}

impl Active {
    fn new(states: usize) -> Self {
        Self { ids: Vec::new(), present: vec![false; states] }
    }

    fn insert(&mut self, id: StateId) -> bool {
        if std::mem::replace(&mut self.present[id], true) {
            return false;
        }
        self.ids.push(id);
        true
    }

    fn clear(&mut self) {
        self.ids.drain(..).for_each(|id| self.present[id] = false);
    }
}

/// What a run of tokens stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Pattern,
    Braces,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

impl Parser {
    /// Tokens up to the end, or up to the `,` or `}` that ends an alternative. `segment_start` tells whether a
    /// path segment begins here.
    fn tokens(&mut self, within: Within, mut segment_start: bool) -> Result<Vec<Token>, char> {
        let mut tokens = Vec::new();
        while let Some(&character) = self.chars.get(self.at) {
            if within == Within::Braces && matches!(character, ',' | '}') {
                break;
            }
            self.at += 1;
            let token = match character {
                '*' => self.star(segment_start),
                '?' => Token::One(Chars::NotSlash),
                '{' => Token::Either(self.alternatives(segment_start)?),
                '[' if self.at < self.chars.len() => Token::One(self.class()?),
                '\\' => Token::One(Chars::Only(self.next().unwrap_or('\\'))),
                literal => Token::One(Chars::Only(literal)),
            };
            segment_start = matches!(&token, Token::Directories | Token::One(Chars::Only('/')));
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn next(&mut self) -> Option<char> {
        let character = self.chars.get(self.at).copied()?;
        self.at += 1;
        Some(character)
    }

    fn skip(&mut self, wanted: char) -> bool {
        let found = self.chars.get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    fn star(&mut self, segment_start: bool) -> Token {
        if !self.skip('*') {
            return Token::Run(Chars::NotSlash);
        }
        if segment_start && self.skip('/') { Token::Directories } else { Token::Run(Chars::Any) }
    }

    fn alternatives(&mut self, segment_start: bool) -> Result<Vec<Vec<Token>>, char> {
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(self.tokens(Within::Braces, segment_start)?);
            match self.next() {
                Some(',') => {}
                Some(_) => return Ok(alternatives),
                None => return Err('}'),
            }
        }
    }

    fn class(&mut self) -> Result<Chars, char> {
        let negated = self.skip('^');
        let mut listed = Vec::new();
        loop {
            match self.next().ok_or(']')? {
                ']' => return Ok(Chars::Of { negated, listed }),
                '\\' => listed.push(self.next().ok_or(']')?),
                character => listed.push(character),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths() {
        let check = |pattern: &str, matching: &[&str], other: &[&str]| {
            let compiled = PathPattern::new(pattern, Some("/home/me")).unwrap();
            matching.iter().for_each(|path| assert!(compiled.matches(path), "{pattern} {path}"));
            other.iter().for_each(|path| assert!(!compiled.matches(path), "{pattern} {path}"));
        };
        check("*.rs", &["a.rs", ".rs"], &["d/a.rs", "a.rsx", "A.RS"]);
        check("**.rs", &["a.rs", "d/e/a.rs"], &["a.go"]);
        check("**/a", &["a", "d/a", "d/e/a"], &["ba", "d/ba", "a/b"]);
        check("x/**/a", &["x/a", "x/d/a", "x/d/e/a"], &["x", "xa", "y/x/a", "x/ba"]);
        check("x/**", &["x/", "x/a", "x/d/a"], &["x"]);
        check("?", &["a", "é"], &["", "/", "ab"]);
        check("{a,b c,}x{1,{2,3}}", &["ax1", "b cx2", "x3"], &["a", "cx1", "ax"]);
        check("{src/**,*.md}", &["src/a/b", "x.md"], &["d/x.md"]);
        check("a,}", &["a,}"], &["a"]);
        check("[a-c]", &["a", "-", "c"], &["b"]);
        check("[^ab]", &["c", "/"], &["a", "b", ""]);
        check("[*{,]", &["*", "{", ","], &["a"]);
        check("[\\]]", &["]"], &["\\"]);
        check("a[", &["a["], &["a"]);
        check("\\*\\", &["*\\"], &["a\\"]);
        check("~/x", &["/home/me/x"], &["x", "~/x"]);
        check("", &[""], &["a"]);
        check("./x", &["./x"], &["x"]);
    }

    #[test]
    fn malformed_patterns_are_errors() {
        let check = |pattern: &str, missing| {
            assert_eq!(
                PathPattern::new(pattern, None).map_err(|error| error.missing).err(),
                Some(missing),
                "{pattern}"
            );
        };
        check("{a,b", '}');
        check("{a,{b}", '}');
        check("[ab", ']');
        check("[a\\", ']');
    }
}
