//! Chunks that wait for their upload: bounded, and whoever writes waits while it is full.

use redkite_api::calls::job::LogChunk;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// How many compressed bytes may wait. When they are reached the job waits: no byte of a log is dropped.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// How many chunks may wait, should they be tiny.
const MAX_CHUNKS: usize = 1024;

/// Chunks on their way from the process's thread to the uploads.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    room: Condvar,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<LogChunk>,
    bytes: usize,
    closed: bool,
}

impl State {
    fn is_full(&self) -> bool {
        self.bytes >= MAX_BYTES || self.chunks.len() >= MAX_CHUNKS
    }
}

impl Queue {
    /// Adds a chunk, whether there is room or not.
    pub(crate) fn push(&self, chunk: LogChunk) {
        let mut state = self.lock();
        state.bytes += chunk.gzip.len();
        state.chunks.push_back(chunk);
        self.arrived.notify_one();
    }

    /// Blocks this thread while the queue is full.
    pub(crate) fn wait_for_room(&self) {
        let mut state = self.lock();
        while state.is_full() {
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nothing more will be added.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_waiters();
        self.arrived.notify_one();
    }

    /// The next chunk; `None` when the queue is closed and empty.
    pub(crate) async fn next(&self) -> Option<LogChunk> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut state = self.lock();
                if let Some(chunk) = state.chunks.pop_front() {
                    state.bytes -= chunk.gzip.len();
                    if !state.chunks.is_empty() {
                        // One permit may stand for several chunks.
                        self.arrived.notify_one();
                    }
                    self.room.notify_all();
                    return Some(chunk);
                }
                if state.closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::sync::Arc;

    fn chunk(sequence: u64, size: usize) -> LogChunk {
        LogChunk { sequence, offset: 0, size: 0, gzip: Bytes::from(vec![0; size]) }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn chunks_come_out_in_order_until_it_is_closed() {
        let queue = Queue::default();
        queue.push(chunk(1, 1));
        queue.push(chunk(2, 1));
        queue.close();
        assert_eq!(queue.next().await.map(|chunk| chunk.sequence), Some(1));
        assert_eq!(queue.next().await.map(|chunk| chunk.sequence), Some(2));
        assert_eq!(queue.next().await, None);
        assert_eq!(queue.next().await, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_writer_waits_for_room() {
        let queue = Arc::new(Queue::default());
        queue.push(chunk(1, MAX_BYTES));
        let writer = std::thread::spawn({
            let queue = queue.clone();
            move || {
                queue.wait_for_room();
                queue.push(chunk(2, 1));
            }
        });
        assert_eq!(queue.next().await.map(|chunk| chunk.sequence), Some(1));
        assert_eq!(queue.next().await.map(|chunk| chunk.sequence), Some(2));
        writer.join().unwrap();
    }
}
