//! Every call of the Agent API as a value with its path, body and retry rule (spec/agent-api.md §8).

pub mod agent;
pub mod annotation;
pub mod artifact;
pub mod build;
pub mod cache;
pub mod job;
pub mod meta_data;
pub mod pipeline;
pub mod secret;
pub mod step;
