//! Whose fault an error is.

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blame {
    /// The program that calls: the call asks for something that cannot be sent or done, speaks to
    /// the wrong port, or its source is too slow or fails. Change the call.
    Caller,
    /// The machine that the client runs on: it has no file descriptor, port, memory or route to
    /// spare, does not permit it, does not resolve the server's name, or has no authority to trust;
    /// or the proxy that it goes through gives no stream ([`Lost::proxy`](super::Lost::proxy)).
    /// Mend the machine or the proxy, or wait; the server was not asked.
    Local,
    /// The server refuses, now (4yz) or for good (5yz), breaks the protocol, or fails to prove who
    /// it is.
    Server,
    /// The network failed, or was too slow.
    Network,
}
