//! Reads one document after the other from libyaml's events (spec/pipeline.md §4.1, §4.2).

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use libyaml_safer::{Event, EventData, MappingStyle, Mark, Parser, ScalarStyle, SequenceStyle};

use super::MAX_DEPTH;
use super::node::{Content, Node, NodeId, Place, Scalar};
use super::source::{Reader, Source, escapes_slash};

/// The text is not the YAML that pipelines are written in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// The grammar is violated.
    #[error("{}{problem}{}", .line.map(|line| format!("line {line}: ")).unwrap_or_default(),
        .context.map(|context| format!(" {context}")).unwrap_or_default())]
    Grammar {
        /// The line, from one, when it is known.
        line: Option<u64>,
        /// What is wrong.
        problem: &'static str,
        /// While doing what.
        context: Option<&'static str>,
    },
    /// An alias points nowhere.
    #[error("line {line}: there is no anchor {anchor:?}")]
    UnknownAnchor {
        /// The line of the alias.
        line: u64,
        /// Its name.
        anchor: String,
    },
    /// The text is neither UTF-8 nor UTF-16 with a byte order mark.
    #[error("line {line}: this is not UTF-8")]
    Encoding {
        /// The line of the first byte that is wrong.
        line: usize,
    },
    /// Collections nest too deeply.
    #[error("line {line}: nested more than {MAX_DEPTH} levels deep")]
    TooDeep {
        /// The line of the collection.
        line: u64,
    },
}

/// Composes the documents of a stream. Anchors live for the whole stream.
pub(crate) struct Composer {
    source: Source,
    parser: Parser<Reader>,
    nodes: Vec<Node>,
    anchors: HashMap<String, NodeId>,
    /// How many flow collections the current node lies in.
    flow: usize,
    /// How many documents have been handed out.
    handed_out: usize,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Before,
    Within,
    /// At the end, or after an error: the rest is abandoned.
    Done,
}

impl Composer {
    pub(crate) fn new(input: &[u8]) -> Result<Self, SyntaxError> {
        let source = Source::decode(input).map_err(|line| SyntaxError::Encoding { line: line + 1 })?;
        Ok(Self {
            parser: parser_of(&source),
            source,
            nodes: Vec::new(),
            anchors: HashMap::new(),
            flow: 0,
            handed_out: 0,
            state: State::Before,
        })
    }

    /// All nodes read so far.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The root of the next document; `None` at the end of the stream.
    pub(crate) fn next_document(&mut self) -> Option<Result<NodeId, SyntaxError>> {
        if self.state == State::Done {
            return None;
        }
        let document = self.document_or_restart().transpose();
        if matches!(document, Some(Ok(_))) {
            self.handed_out += 1;
        } else {
            self.state = State::Done;
        }
        document
    }

    fn document_or_restart(&mut self) -> Result<Option<NodeId>, SyntaxError> {
        loop {
            match self.document() {
                Ok(document) => return Ok(document),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Refused { position, error }) => {
                    self.source.hide(position).ok_or(error)?;
                    self.restart()?;
                }
            }
        }
    }

    /// Reads the stream anew, up to where the current document begins.
    fn restart(&mut self) -> Result<(), SyntaxError> {
        self.parser = parser_of(&self.source);
        self.nodes.clear();
        self.anchors.clear();
        (self.flow, self.state) = (0, State::Before);
        for _ in 0..self.handed_out {
            self.document()?;
        }
        Ok(())
    }

    fn document(&mut self) -> Result<Option<NodeId>, Stop> {
        if self.state == State::Before {
            self.event()?;
            self.state = State::Within;
        }
        let start = self.event()?;
        let EventData::DocumentStart { version_directive, .. } = start.data else { return Ok(None) };
        if version_directive.is_some_and(|version| (version.major, version.minor) != (1, 1)) {
            return Err(grammar(start.start_mark, "found incompatible YAML document").into());
        }
        let first = self.event()?;
        let root = self.node(first, 0)?;
        self.event()?;
        Ok(Some(root))
    }

    fn event(&mut self) -> Result<Event, Stop> {
        // The library panics on a few malformed texts, such as a quoted scalar whose last byte is a backslash.
        // After an error it is not asked again, so that its state does not matter.
        let parser = AssertUnwindSafe(&mut self.parser);
        let event = catch_unwind(|| { parser }.parse());
        let event = event.map_err(|_| SyntaxError::Grammar {
            line: None,
            problem: "found a scalar or tag that breaks off",
            context: None,
        })?;
        event.map_err(|error| {
            let (problem, mark) = (error.problem(), error.problem_mark());
            let line = mark.map(|mark| mark.line + 1);
            let explained = SyntaxError::Grammar { line, problem, context: error.context() };
            match (problem, mark) {
                ("found unexpected ':'" | "found unknown escape character", Some(mark)) => {
                    Stop::Refused { position: index(mark), error: explained }
                }
                _ => Stop::Error(explained),
            }
        })
    }

    fn node(&mut self, event: Event, depth: usize) -> Result<NodeId, Stop> {
        let place = Place { line: event.start_mark.line + 1, column: event.start_mark.column + 1 };
        if depth > MAX_DEPTH {
            return Err(SyntaxError::TooDeep { line: place.line }.into());
        }
        let marks = (event.start_mark, event.end_mark);
        match event.data {
            EventData::Scalar { anchor, tag, value, style, .. } => {
                let text = self.scalar_text(value, style, marks)?;
                let scalar =
                    Scalar { text, tag: tag.filter(|tag| tag != "!"), plain: style == ScalarStyle::Plain };
                Ok(self.add(anchor, place, Content::Scalar(scalar)))
            }
            EventData::SequenceStart { anchor, style, .. } => {
                let id = self.add(anchor, place, Content::Open);
                let items = self.collection(style == SequenceStyle::Flow, |composer| composer.list(depth))?;
                self.nodes[id].content = Content::List(items);
                Ok(id)
            }
            EventData::MappingStart { anchor, style, .. } => {
                let id = self.add(anchor, place, Content::Open);
                let entries = self.collection(style == MappingStyle::Flow, |composer| composer.map(depth))?;
                self.nodes[id].content = Content::Map(entries);
                Ok(id)
            }
            EventData::Alias { anchor } => match self.anchors.get(&anchor) {
                Some(&target) => Ok(self.add(None, place, Content::Alias(target))),
                None => Err(SyntaxError::UnknownAnchor { line: place.line, anchor }.into()),
            },
            _ => Err(grammar(marks.0, "did not find expected node content").into()),
        }
    }

    /// The text of a scalar, unless only the library knows the grammar it is written in.
    fn scalar_text(
        &self,
        value: String,
        style: ScalarStyle,
        (start, end): (Mark, Mark),
    ) -> Result<String, Stop> {
        match style {
            ScalarStyle::Plain if self.flow > 0 && value.contains('?') => {
                Err(grammar(start, "did not find expected ',' or ']'").into())
            }
            ScalarStyle::DoubleQuoted
                if value.contains('/') && escapes_slash(self.source.between(index(start), index(end))) =>
            {
                Err(grammar(start, "found unknown escape character").into())
            }
            _ => Ok(self.source.restored(value, style)),
        }
    }

    fn collection<T>(
        &mut self,
        flow: bool,
        read: impl FnOnce(&mut Self) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        self.flow += usize::from(flow);
        let content = read(self)?;
        self.flow -= usize::from(flow);
        Ok(content)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<NodeId>, Stop> {
        let mut items = Vec::new();
        loop {
            let event = self.event()?;
            if event.data == EventData::SequenceEnd {
                return Ok(items);
            }
            items.push(self.node(event, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<(NodeId, NodeId)>, Stop> {
        let mut entries = Vec::new();
        loop {
            let event = self.event()?;
            if event.data == EventData::MappingEnd {
                return Ok(entries);
            }
            let key = self.node(event, depth + 1)?;
            let event = self.event()?;
            entries.push((key, self.node(event, depth + 1)?));
        }
    }

    fn add(&mut self, anchor: Option<String>, place: Place, content: Content) -> NodeId {
        let id = self.nodes.len();
        self.nodes.push(Node { place, content });
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, id);
        }
        id
    }
}

/// Why composing stops.
enum Stop {
    Error(SyntaxError),
    /// At a position where the library and the reference may be of different minds.
    Refused {
        position: usize,
        error: SyntaxError,
    },
}

impl From<SyntaxError> for Stop {
    fn from(error: SyntaxError) -> Self {
        Self::Error(error)
    }
}

impl From<Stop> for SyntaxError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Error(error) | Stop::Refused { error, .. } => error,
        }
    }
}

fn parser_of(source: &Source) -> Parser<Reader> {
    let mut parser = Parser::new();
    parser.set_input(source.reader());
    parser
}

fn grammar(mark: Mark, problem: &'static str) -> SyntaxError {
    SyntaxError::Grammar { line: Some(mark.line + 1), problem, context: None }
}

/// A position in bytes.
fn index(mark: Mark) -> usize {
    usize::try_from(mark.index).unwrap_or(usize::MAX)
}
