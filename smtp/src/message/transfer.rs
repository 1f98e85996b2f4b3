//! How messages travel over a connection.

/// How messages travel: with DATA, or in chunks, and how many at a time.
///
/// | transfer | a message in a stream costs | needs of the server |
/// |---|---|---|
/// | [`data`](Self::data) | one round trip | PIPELINING, else one for each command |
/// | [`chunks`](Self::chunks) | one round trip | PIPELINING and CHUNKING |
/// | [`eager`](Self::eager) | a part of one, by its window | PIPELINING and CHUNKING |
///
/// Without an extension of the server the transfer is slower, and works: chunks become DATA, and
/// commands wait for their replies.
///
/// ```
/// use smtp::{Server, Transfer};
///
/// let bulk = Server::new("mail.example.com", 25).transfer(Transfer::eager().window(16, 8 << 20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Transfer {
    pub(crate) method: BodyMethod,
    pub(crate) messages: usize,
    pub(crate) bytes: u64,
    pub(crate) chunk: usize,
    /// Whether commands may follow a message before its reply has come.
    pub(crate) overtakes: bool,
}

/// How the body of one message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyMethod {
    /// With DATA.
    Data,
    /// In chunks, once each recipient was answered.
    Bdat,
    /// In chunks, in one flight with its commands.
    EagerBdat,
}

impl Transfer {
    /// Sends messages with DATA (RFC 5321 §4.1.1.4): the commands before a message in one flight,
    /// and in a stream the message, its final dot and the commands before the next in one flight
    /// (RFC 2920 §3.1). This is the default.
    pub fn data() -> Self {
        Self::new(BodyMethod::Data)
    }

    /// Sends messages with BDAT (RFC 3030), whose bytes are counted and not searched for a dot,
    /// once the server has answered for each recipient.
    pub fn chunks() -> Self {
        Self::new(BodyMethod::Bdat)
    }

    /// Sends MAIL, each RCPT and the message with BDAT in one flight, and does not wait for the
    /// replies before it sends the next message, up to a [window](Self::window) of 8 messages and
    /// 4 MiB.
    ///
    /// RFC 3030 §2 asks a client to read the replies to RCPT before it sends a chunk: this is a
    /// mode for servers that are known to read, and to throw away, the chunk of a message that
    /// they refuse. Content then reaches a server that has accepted no recipient for it, and one
    /// that does not read chunks it refuses would take content for commands. So the first message
    /// of a connection goes alone: the window opens when the server has taken a chunk.
    ///
    /// Replies are matched to commands by counting, and in this mode a server that answers a
    /// message twice shifts all that follow by one, which no count can see. So a call ends only
    /// after a command that no such reply can be taken to answer (HELP). Where its reply shows that
    /// the replies were shifted, the connection ends, and each message that was not reported by
    /// then is unknown; what was reported before stands, and may be wrong.
    ///
    /// A message whose [`Policy`](crate::Policy) must see the replies first is sent as by
    /// [`chunks`](Self::chunks).
    pub fn eager() -> Self {
        Self::new(BodyMethod::EagerBdat)
    }

    /// Sets how many messages, and about how many bytes of them, may be in flight at once under
    /// [`eager`](Self::eager). At least one message is.
    pub fn window(mut self, messages: usize, bytes: u64) -> Self {
        (self.messages, self.bytes) = (messages.max(1), bytes);
        self
    }

    /// Sets about how many bytes a chunk has (256 KiB). A message that is not in memory is held
    /// for as many, because a chunk's length stands before it.
    pub fn chunk_size(mut self, bytes: usize) -> Self {
        self.chunk = bytes.max(1);
        self
    }

    /// Sets whether the commands of the next message may follow a message before its reply has come
    /// (yes). RFC 2920 §3.1 allows it, and a stream then costs one round trip for each message;
    /// some servers refuse such commands, to be safe from smuggled messages. A connection learns it
    /// from the first of those refusals and goes on by itself: this saves the attempt.
    pub fn commands_follow_message(mut self, follow: bool) -> Self {
        self.overtakes = follow;
        self
    }

    fn new(method: BodyMethod) -> Self {
        Self { method, messages: 8, bytes: 4 << 20, chunk: 256 * 1024, overtakes: true }
    }
}

impl Default for Transfer {
    fn default() -> Self {
        Self::data()
    }
}
