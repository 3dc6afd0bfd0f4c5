//! Which spans a thread is in, and the fields that their events inherit: the worker's name, above all.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::span::{Attributes, Id};

use super::fields::Fields;

/// All open spans.
#[derive(Debug, Default)]
pub(super) struct Spans(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    spans: HashMap<u64, Span>,
}

#[derive(Debug)]
struct Span {
    /// Handles to it; it goes with the last.
    handles: usize,
    fields: Vec<(String, String)>,
}

thread_local! {
    /// The spans that this thread is in, innermost last.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl Spans {
    /// Opens a span; its fields follow those of the span that the thread is in.
    pub(super) fn open(&self, attributes: &Attributes<'_>) -> Id {
        let mut own = Fields::default();
        attributes.record(&mut own);
        let mut fields = self.current_fields();
        fields.extend(own.rest);
        let mut open = self.lock();
        open.next += 1;
        let id = open.next;
        open.spans.insert(id, Span { handles: 1, fields });
        Id::from_u64(id)
    }

    /// One handle more.
    pub(super) fn clone_handle(&self, id: &Id) {
        if let Some(span) = self.lock().spans.get_mut(&id.into_u64()) {
            span.handles += 1;
        }
    }

    /// One handle less; whether it was the last.
    pub(super) fn close_handle(&self, id: &Id) -> bool {
        let mut open = self.lock();
        let Some(span) = open.spans.get_mut(&id.into_u64()) else { return false };
        span.handles -= 1;
        let is_last = span.handles == 0;
        if is_last {
            open.spans.remove(&id.into_u64());
        }
        is_last
    }

    /// The thread goes into a span.
    pub(super) fn enter(id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.into_u64()));
    }

    /// The thread leaves it.
    pub(super) fn exit(id: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(position) = entered.iter().rposition(|entered| *entered == id.into_u64()) {
                entered.remove(position);
            }
        });
    }

    /// The span that the thread is in.
    pub(super) fn current() -> Option<Id> {
        ENTERED.with_borrow(|entered| entered.last().copied()).map(Id::from_u64)
    }

    /// The fields of that span, its ancestors' first.
    pub(super) fn current_fields(&self) -> Vec<(String, String)> {
        let Some(id) = Self::current() else { return Vec::new() };
        self.lock().spans.get(&id.into_u64()).map(|span| span.fields.clone()).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
