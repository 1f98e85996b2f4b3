//! The caller's choice for the line ends of a message.
//!
//! CRLF is the only line end that servers agree on (RFC 5321 §2.3.8), and few programs write it.

/// Bytes of a text line without its CRLF (RFC 5321 §4.5.3.1.6 counts 1000 with it).
pub(crate) const TEXT_LINE: usize = 998;

/// The treatment of line ends that are not CRLF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineEnds {
    /// Make CRLF of a bare LF and of a bare CR. Right for text that was written on this machine.
    #[default]
    Normalize,
    /// Refuse the message, and also one with a line of more than 998 bytes. Right for messages
    /// whose exact bytes matter, such as signed ones.
    Strict,
    /// Take the message as bytes, not as lines, and send them as they are. It needs a server that
    /// offers BINARYMIME and CHUNKING (RFC 3030 §3).
    Binary,
}
