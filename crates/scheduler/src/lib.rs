//! Which transition follows from which event, and which job goes to which agent. Pure: no clock, no I/O.
