//! The steps of a script, and the options of how it is played.

use std::time::Duration;

/// The steps of a script, each with the number of its line, and the options of its server.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<(usize, Step)>,
    pub(super) fragment: Option<usize>,
    pub(super) write_limit: Option<usize>,
    pub(super) lockstep: bool,
    pub(super) stutter: bool,
}

/// A step of a script.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Server(Vec<u8>),
    /// A line without its CRLF; `true` when more may follow in it.
    Client(String, bool),
    ClientRaw(Vec<u8>),
    Tls,
    Wait(Duration),
    Silence,
    Close,
    Cut,
    Reset,
    Endless(Vec<u8>),
}
