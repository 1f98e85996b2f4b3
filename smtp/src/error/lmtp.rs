//! The rules of LMTP that settings of the caller's would break.

use std::fmt::{self, Display};

/// A setting that LMTP does not allow. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LmtpError {
    /// The port is 25: LMTP "MUST NOT" be used there (RFC 2033 §5).
    Port,
    /// The transfer is [`eager`](crate::Transfer::eager), whose messages leave before the replies
    /// to RCPT: these say how many replies the message will get (RFC 2033 §4.2).
    Eager,
}

impl Display for LmtpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Port => {
                "LMTP must not be used at port 25, which is for SMTP (RFC 2033 §5): name the port \
                 of the LMTP service, often 24"
            }
            Self::Eager => {
                "an eager transfer cannot be used with LMTP, where the replies to RCPT say how \
                 many replies the message gets (RFC 2033 §4.2): use `Transfer::chunks`"
            }
        })
    }
}

impl std::error::Error for LmtpError {}
