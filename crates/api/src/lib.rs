//! Wire types of the Agent API, the two HTTP clients and their retry rules; no policy, no process.
