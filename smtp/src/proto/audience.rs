//! The audience of a line: the one fact that decides whether a secret may be written.

/// The audience of a secret that a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The verified server alone; or the line is not sent.
    Trusted,
    /// Any host on the way: the connection is in clear, or the server was not verified.
    Unverified,
}
