//! Extensions whose keyword says it all: without parameters, and with nothing to declare.

use smtp_grammar::{Capability, Params};

macro_rules! markers {
    ($($(#[$doc:meta])* $name:ident = $keyword:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;

        impl Capability for $name {
            const KEYWORD: &'static str = $keyword;

            fn parse(_: Params<'_>) -> Self {
                Self
            }
        }
    )*};
}

markers! {
    /// PIPELINING: commands need not wait for replies (RFC 2920).
    Pipelining = "PIPELINING";
    /// STARTTLS: the session can go on inside TLS (RFC 3207).
    StartTls = "STARTTLS";
    /// ENHANCEDSTATUSCODES: replies begin with a class, a subject and a detail (RFC 2034).
    EnhancedStatusCodes = "ENHANCEDSTATUSCODES";
    /// SMTPUTF8: addresses and headers may hold UTF-8 (RFC 6531).
    SmtpUtf8 = "SMTPUTF8";
    /// CHUNKING: messages may be sent in counted chunks (RFC 3030).
    Chunking = "CHUNKING";
    /// BINARYMIME: messages may hold any octets, not in lines (RFC 3030 §3).
    BinaryMime = "BINARYMIME";
}
