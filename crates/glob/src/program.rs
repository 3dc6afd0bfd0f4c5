//! The automaton of a pattern: it is fed a path piece by piece, and says whether it may go on and whether it is done.

use super::symbol::Symbol;
use super::tokens::Token;

/// A compiled pattern. States of a match are values, so a directory's are computed once for all that is in it.
#[derive(Debug)]
pub struct Program {
    steps: Vec<Step>,
}

/// How far a match has come: the steps that may be next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct States(Vec<usize>);

#[derive(Debug)]
enum Step {
    /// Takes this one.
    Symbol(Symbol),
    /// Takes any character but `/`.
    NoSlash,
    /// Takes any character.
    Any,
    /// Takes one of the characters, or any other.
    Class { negated: bool, members: Vec<Symbol> },
    /// Goes on at each of these steps.
    Fork(Vec<usize>),
    /// All of the pattern has been matched.
    Done,
}

impl States {
    /// Whether nothing can match any more, whatever follows.
    pub fn is_dead(&self) -> bool {
        self.0.is_empty()
    }
}

impl Program {
    /// Compiles tokens whose alternatives are all ended.
    pub fn new(tokens: &[Token]) -> Self {
        let mut program = Self { steps: Vec::with_capacity(tokens.len() + 1) };
        let mut rest = tokens;
        while let Some((token, after)) = rest.split_first() {
            rest = program.compile(token, after);
        }
        program.steps.push(Step::Done);
        program
    }

    /// Nothing has been matched yet.
    pub fn start(&self) -> States {
        let mut states = Vec::new();
        self.enter(0, &mut states);
        States(states)
    }

    /// After `states`, `text` came.
    pub fn advance(&self, states: &States, text: &[u8]) -> States {
        let mut now = states.0.clone();
        let mut next = Vec::with_capacity(now.len());
        for symbol in Symbol::of(text) {
            for &state in &now {
                if self.takes(state, symbol) {
                    self.enter(state + 1, &mut next);
                }
            }
            std::mem::swap(&mut now, &mut next);
            next.clear();
            if now.is_empty() {
                break;
            }
        }
        States(now)
    }

    /// Whether all of the pattern is matched.
    pub fn is_match(&self, states: &States) -> bool {
        states.0.iter().any(|&state| matches!(self.steps[state], Step::Done))
    }

    fn takes(&self, state: usize, symbol: Symbol) -> bool {
        match &self.steps[state] {
            Step::Symbol(own) => *own == symbol,
            Step::NoSlash => symbol != Symbol::Char('/'),
            Step::Any => true,
            Step::Class { negated, members } => members.contains(&symbol) != *negated,
            Step::Fork(_) | Step::Done => false,
        }
    }

    /// Adds a step, or those a fork leads to, unless they are there.
    fn enter(&self, step: usize, states: &mut Vec<usize>) {
        match &self.steps[step] {
            Step::Fork(ways) => ways.iter().for_each(|&way| self.enter(way, states)),
            _ if states.contains(&step) => {}
            _ => states.push(step),
        }
    }

    /// Compiles one token, or alternatives with all that is in them; the tokens that are left.
    fn compile<'t>(&mut self, token: &Token, rest: &'t [Token]) -> &'t [Token] {
        match token {
            Token::Literal(symbol) => self.steps.push(Step::Symbol(*symbol)),
            Token::Comma => self.steps.push(Step::Symbol(Symbol::Char(','))),
            Token::Close => self.steps.push(Step::Symbol(Symbol::Char('}'))),
            Token::One => self.steps.push(Step::NoSlash),
            Token::Run => self.repeat(Step::NoSlash),
            Token::Deep => self.repeat(Step::Any),
            Token::Class { negated, members } => {
                self.steps.push(Step::Class { negated: *negated, members: members.clone() });
            }
            Token::Open => return self.alternatives(rest),
        }
        rest
    }

    /// `again: fork body, on; body; fork again; on:`
    fn repeat(&mut self, body: Step) {
        let again = self.steps.len();
        self.steps.extend([Step::Fork(vec![again + 1, again + 3]), body, Step::Fork(vec![again])]);
    }

    /// A fork to each alternative, at whose end the way leads past the others.
    fn alternatives<'t>(&mut self, mut rest: &'t [Token]) -> &'t [Token] {
        let fork = self.steps.len();
        self.steps.push(Step::Fork(vec![fork + 1]));
        let mut ends = Vec::new();
        let mut ways = vec![fork + 1];
        while let Some((token, after)) = rest.split_first() {
            rest = after;
            match token {
                Token::Comma => {
                    ends.push(self.steps.len());
                    self.steps.push(Step::Fork(Vec::new()));
                    ways.push(self.steps.len());
                }
                Token::Close => break,
                token => rest = self.compile(token, rest),
            }
        }
        let on = self.steps.len();
        for end in ends {
            self.steps[end] = Step::Fork(vec![on]);
        }
        self.steps[fork] = Step::Fork(ways);
        rest
    }
}
