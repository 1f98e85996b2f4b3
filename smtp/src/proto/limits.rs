//! How large an answer may be before it is an attack.
//!
//! RFC 5321 §4.5.3.1 gives sizes that every implementation must accept, not sizes at which it must
//! stop. Without the second kind one server can fill the memory of every client.

/// Limits on what a server may send. Exceeding one ends the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets in one reply line, CRLF included (2048; RFC 5321 §4.5.3.1.5 promises 512).
    pub reply_line: usize,
    /// Lines in one reply (128).
    pub reply_lines: usize,
    /// Octets in one reply (64 KiB).
    pub reply_octets: usize,
    /// Octets in one SASL challenge or response line (64 KiB; RFC 4954 §4 asks for at least 12288).
    pub auth_line: usize,
    /// Challenges in one AUTH exchange (32).
    pub challenges: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply_line: 2048,
            reply_lines: 128,
            reply_octets: 64 * 1024,
            auth_line: 64 * 1024,
            challenges: 32,
        }
    }
}
