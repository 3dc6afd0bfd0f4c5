//! The graph that a stream's documents form: nodes, and aliases that point to other nodes.

/// The index of a node among all nodes of the stream.
pub(crate) type NodeId = usize;

/// Where a node begins, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

/// A node of a document.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) content: Content,
}

/// What a node holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// A collection that is still being read; an alias inside it may point here.
    Open,
    Scalar(Scalar),
    List(Vec<NodeId>),
    Map(Vec<(NodeId, NodeId)>),
    Alias(NodeId),
}

/// A scalar as it was written.
#[derive(Debug)]
pub(crate) struct Scalar {
    pub(crate) text: String,
    /// Resolved: `tag:yaml.org,2002:str` for `!!str`.
    pub(crate) tag: Option<String>,
    /// Neither quoted nor a block.
    pub(crate) plain: bool,
}
