//! Who reads along: the one fact that decides whether a secret may be written.

/// Who would see a secret that a line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The server alone, which has proved who it is; or no one, because the line is not sent.
    Trusted,
    /// Anyone: the connection is in clear, or inside TLS with a server that was not verified.
    Anyone,
}
