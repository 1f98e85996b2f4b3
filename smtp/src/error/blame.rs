//! Whose doing an error is.

/// Whose doing an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The call asks for something that cannot be sent, or its source is too slow or fails: change
    /// the call.
    Caller,
    /// The server refuses, now (4yz) or for good (5yz), breaks the protocol, or fails to prove who
    /// it is.
    Server,
    /// The network failed, or was too slow.
    Network,
}
