//! The agent process: register, ping, run jobs, stream logs.
