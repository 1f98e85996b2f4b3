//! The steps of a session that may take their own time, and how long each may take.
//!
//! RFC 5321 §4.5.3.2 asks for a timeout per command, not per session: ten minutes after the final
//! dot are right, ten minutes for a greeting are not.

use std::time::Duration;

/// A step of the session with a timeout of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The look-up of the name, and the TCP connection to one of its addresses, or to a proxy and
    /// what is said to it.
    Connect,
    /// The TLS handshake.
    Handshake,
    /// The server's greeting (RFC 5321 §3.1).
    Greeting,
    /// EHLO, HELO or LHLO.
    Hello,
    /// STARTTLS, up to its reply.
    StartTls,
    /// One step of an AUTH exchange: the server's, or the mechanism's.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA, up to the 354.
    Data,
    /// Message content that is being sent.
    DataBlock,
    /// The reply to the final dot.
    EndOfData,
    /// BDAT without LAST.
    Bdat,
    /// RSET.
    Reset,
    /// QUIT.
    Quit,
    /// ATRN (RFC 2645 §4 asks for ten minutes).
    Atrn,
    /// The caller's own source, of a message's body, of messages or of what a mechanism waits for:
    /// it has no timeout of its own, but the one of the whole connection, and that of AUTH once a
    /// mechanism has begun.
    Source,
    /// Any other command.
    Other,
}

impl Stage {
    /// The step in a few words, for messages: "waiting for the reply to MAIL".
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Handshake => "negotiating TLS",
            Self::Greeting => "waiting for the greeting",
            Self::Hello => "waiting for the reply to EHLO or HELO",
            Self::StartTls => "waiting for the reply to STARTTLS",
            Self::Auth => "authenticating",
            Self::Mail => "waiting for the reply to MAIL",
            Self::Rcpt => "waiting for the reply to RCPT",
            Self::Data => "waiting for the reply to DATA",
            Self::DataBlock => "sending the message",
            Self::EndOfData => "waiting for the reply to the message",
            Self::Bdat => "waiting for the reply to BDAT",
            Self::Reset => "waiting for the reply to RSET",
            Self::Quit => "waiting for the reply to QUIT",
            Self::Atrn => "waiting for the reply to ATRN",
            Self::Source => "waiting for the caller's own source",
            Self::Other => "waiting for a reply",
        }
    }

    /// The reply that is waited for.
    pub(crate) const fn reply(self) -> &'static str {
        match self {
            Self::Greeting => "the greeting",
            Self::Hello => "the reply to EHLO or HELO",
            Self::StartTls => "the reply to STARTTLS",
            Self::Auth => "the reply to AUTH",
            Self::Mail => "the reply to MAIL",
            Self::Rcpt => "the reply to RCPT",
            Self::Data => "the reply to DATA",
            Self::DataBlock | Self::EndOfData => "the reply to the message",
            Self::Bdat => "the reply to BDAT",
            Self::Reset => "the reply to RSET",
            Self::Quit => "the reply to QUIT",
            Self::Atrn => "the reply to ATRN",
            Self::Connect | Self::Handshake | Self::Source | Self::Other => {
                "the reply to this command"
            }
        }
    }

    /// The field of [`Timeouts`] that says how long it may take.
    pub(crate) const fn setting(self) -> Option<&'static str> {
        Some(match self {
            Self::Connect => "connect",
            Self::Handshake => "handshake",
            Self::Greeting => "greeting",
            Self::Hello | Self::StartTls => "hello",
            Self::Auth => "auth",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::DataBlock | Self::Bdat => "data_block",
            Self::EndOfData => "end_of_data",
            Self::Reset => "reset",
            Self::Quit => "quit",
            Self::Atrn => "atrn",
            Self::Source => return None,
            Self::Other => "other",
        })
    }
}

/// How long each [`Stage`] may take.
///
/// The defaults are the minima of RFC 5321 §4.5.3.2 where it names one. A deadline covers a whole
/// reply and is not refreshed by a server that drips bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// The look-up of the name and the TCP connections to its addresses, all together (30 s). It
    /// also covers the look-up of SRV records before that, and all that is said to a proxy, TLS to
    /// it included. A server that ends the connection before its greeting, or greets with 4yz,
    /// gives the addresses after it the whole time again.
    pub connect: Duration,
    /// TLS handshake (60 s). From the first byte at the ports 25 and 587, which are for STARTTLS, it
    /// is ten seconds at most.
    pub handshake: Duration,
    /// Greeting (5 min, §4.5.3.2.1). In clear at port 465, which is for TLS from the first byte,
    /// it is ten seconds at most.
    pub greeting: Duration,
    /// EHLO, HELO, LHLO and STARTTLS (5 min).
    pub hello: Duration,
    /// One step of AUTH, the server's or the mechanism's (2 min).
    pub auth: Duration,
    /// MAIL (5 min, §4.5.3.2.2).
    pub mail: Duration,
    /// RCPT (5 min, §4.5.3.2.3).
    pub rcpt: Duration,
    /// DATA (2 min, §4.5.3.2.4).
    pub data: Duration,
    /// Between two moments at which [`minimum_progress`](Self::minimum_progress) bytes of content
    /// had left (3 min, §4.5.3.2.5).
    pub data_block: Duration,
    /// The reply to the final dot (10 min, §4.5.3.2.6: shorter causes duplicates).
    pub end_of_data: Duration,
    /// RSET (30 s).
    pub reset: Duration,
    /// QUIT (5 s: nothing depends on its reply).
    pub quit: Duration,
    /// ATRN (10 min, RFC 2645 §4).
    pub atrn: Duration,
    /// Any other command (5 min).
    pub other: Duration,
    /// The whole connection, from its first byte to its last. None by default. It begins when there
    /// is a stream: the time for [connecting](Self::connect) comes before it, and each address that
    /// is tried after a greeting that failed begins anew.
    pub total: Option<Duration>,
    /// Bytes that must leave within one [`data_block`](Self::data_block) while content is being
    /// sent (1024), so that a peer cannot hold a message for ever by taking a byte at a time.
    pub minimum_progress: usize,
}

impl Default for Timeouts {
    fn default() -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        Self {
            connect: Duration::from_secs(30),
            handshake: MINUTE,
            greeting: 5 * MINUTE,
            hello: 5 * MINUTE,
            auth: 2 * MINUTE,
            mail: 5 * MINUTE,
            rcpt: 5 * MINUTE,
            data: 2 * MINUTE,
            data_block: 3 * MINUTE,
            end_of_data: 10 * MINUTE,
            reset: Duration::from_secs(30),
            quit: Duration::from_secs(5),
            atrn: 10 * MINUTE,
            other: 5 * MINUTE,
            total: None,
            minimum_progress: 1024,
        }
    }
}

impl Timeouts {
    /// How long `stage` may take.
    pub fn of(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Connect => self.connect,
            Stage::Handshake => self.handshake,
            Stage::Greeting => self.greeting,
            Stage::Hello | Stage::StartTls => self.hello,
            Stage::Auth => self.auth,
            Stage::Mail => self.mail,
            Stage::Rcpt => self.rcpt,
            Stage::Data => self.data,
            Stage::DataBlock | Stage::Bdat => self.data_block,
            Stage::EndOfData => self.end_of_data,
            Stage::Reset => self.reset,
            Stage::Quit => self.quit,
            Stage::Atrn => self.atrn,
            Stage::Source => Duration::MAX,
            Stage::Other => self.other,
        }
    }
}
