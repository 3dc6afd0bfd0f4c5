//! How much log a server takes, as it is before compression.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use redkite_api::calls::job::{self, LogChunk};
use tokio::task::JoinSet;

use super::Numbers;
use super::agents::{self, SimulatedAgent, joined};
use super::running::Server;
use crate::error::BenchError;
use crate::program::mib;

/// Jobs that print at the same time.
const JOBS: u32 = 8;
/// The size of a chunk, the usual one.
const CHUNK: usize = 102_400;

pub(super) fn measure(server: &Server, seconds: u64) -> Result<Numbers, BenchError> {
    let agents = agents::connect(server, JOBS)?;
    server.create_build(JOBS)?;
    let chunk = chunk()?;
    let before = server.usage()?;
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds);
    let bytes: u64 = server.runtime.block_on(async {
        let mut open = JoinSet::new();
        for agent in agents {
            open.spawn(print(agent, chunk.clone(), end));
        }
        let mut sum = 0;
        while !open.is_empty() {
            sum += joined(open.join_next().await)?;
        }
        Ok::<u64, BenchError>(sum)
    })?;
    let taken = begin.elapsed().as_secs_f64();
    let cpu = server.usage()?.cpu_seconds - before.cpu_seconds;
    Ok(vec![
        (format!("log ingested, {JOBS} jobs at once"), "MiB/s", mib(bytes) / taken),
        ("the same, CPU time".to_owned(), "s/GiB", cpu / (mib(bytes) / 1024.0)),
    ])
}

/// One job that prints until `end`, one chunk after the other. How many bytes that were.
async fn print(agent: SimulatedAgent, gzip: Bytes, end: Instant) -> Result<u64, BenchError> {
    let held = agent.next_job().await?;
    let size = CHUNK as u64;
    let mut sequence = 0;
    while Instant::now() < end {
        let chunk = LogChunk { sequence: sequence + 1, offset: sequence * size, size, gzip: gzip.clone() };
        held.client
            .call(&job::chunk(&held.job.id, chunk))
            .await
            .map_err(|error| BenchError::Agent("chunk", Box::new(error)))?;
        sequence += 1;
    }
    held.finish().await?;
    Ok(sequence * size)
}

/// Lines like those of a compiler, gzipped.
fn chunk() -> Result<Bytes, BenchError> {
    let mut text = String::new();
    let mut line = 0_u64;
    while text.len() < CHUNK {
        line += 1;
        let mixed = line.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let _ = writeln!(text, "[{line:>8}/100000] Compiling object {mixed:016x}.o from source/module.c");
    }
    text.truncate(CHUNK);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    packed.map(Bytes::from).map_err(BenchError::Plane)
}
