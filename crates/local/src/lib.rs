//! The sockets that a job can talk to: the job API.
