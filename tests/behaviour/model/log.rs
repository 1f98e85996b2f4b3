//! The server's record of a session: the lines, the replies that the client has read, and the
//! messages delivered to each recipient.

use std::fmt::Write as _;

use super::case::Recipient;

/// The books of a session.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) lines: Vec<Line>,
    /// One for each MAIL, with any reply.
    pub(super) groups: Vec<Group>,
    pub(super) deliveries: Vec<Delivery>,
    /// The client's breaches of the protocol.
    pub(super) faults: Vec<String>,
    /// The connection was ended by the server.
    pub(super) cut: bool,
    /// The server said 421.
    pub(super) goodbye: Option<Answered>,
    /// Milliseconds that the server took its time.
    pub(super) slept: u64,
    /// Bytes of the server's replies that the client has read.
    pub(super) read: u64,
    /// Bytes that have arrived at the client, and that it has not read.
    pub(super) unread: usize,
    pub(super) written_after_end: usize,
}

/// A line of the dialogue.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    kind: LineKind,
}

#[derive(Debug)]
enum LineKind {
    /// A reply that ends at this byte of all that the server says.
    Server(u64),
    Client,
    /// Written by the client for a server that did not read it any more.
    Unheard,
    Event,
}

/// A reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) code: u16,
    /// Where it ends in all that the server says; none if it was not said to its end.
    until: Option<u64>,
}

/// MAIL and what follows it up to the next MAIL or RSET: what the client wants of one transaction.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) message: Option<usize>,
    /// Bytes of the server's replies that the client had read when it wrote MAIL.
    pub(super) read: u64,
    pub(super) mail: Answered,
    pub(super) named: Vec<Named>,
    /// The reply to DATA.
    pub(super) opening: Option<Answered>,
    /// The replies to chunks before the last.
    pub(super) chunks: Vec<Answered>,
    /// 353, which announces a reply for each recipient (PRDR).
    pub(super) announced: Option<Answered>,
    /// The final reply for each recipient that was accepted, where each has its own.
    pub(super) own: Vec<(Recipient, Answered)>,
    /// The final reply for the message as a whole, or one that came before its end.
    pub(super) end: Option<Answered>,
    /// The client has written the content to its end.
    pub(super) whole: bool,
    /// Refused because it came too early for a suspicious server, and for nothing else.
    pub(super) suspected: bool,
    /// Bytes of content that came when no recipient was accepted.
    pub(super) unaddressed: usize,
}

/// A RCPT.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) recipient: Recipient,
    pub(super) answer: Answered,
    /// It was one too many, by the server's limit.
    pub(super) too_many: bool,
}

/// A message that the server took.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) recipients: Vec<Recipient>,
    /// The recipients that were accepted before the message came. Where each has a reply to it,
    /// some of them may not get it.
    pub(super) accepted: Vec<Recipient>,
    pub(super) content: Vec<u8>,
}

impl Answered {
    /// A reply that ends at this byte of all that the server says.
    pub(super) fn said(code: u16, until: u64) -> Self {
        Self { code, until: Some(until) }
    }

    /// A reply that was not said, or not to its end.
    pub(super) fn never() -> Self {
        Self { code: 0, until: None }
    }

    /// Whether a client that has read so much has read all of it.
    pub(super) fn is_read_at(self, read: u64) -> bool {
        self.until.is_some_and(|until| until <= read)
    }

    /// Whether it was said to its end, with this code.
    pub(super) fn is(self, code: u16) -> bool {
        self.until.is_some() && self.code == code
    }
}

impl Group {
    pub(super) fn new(message: Option<usize>, read: u64) -> Self {
        Self {
            message,
            read,
            mail: Answered::never(),
            named: Vec::new(),
            opening: None,
            chunks: Vec::new(),
            announced: None,
            own: Vec::new(),
            end: None,
            whole: false,
            suspected: false,
            unaddressed: 0,
        }
    }

    /// The last of the final replies.
    pub(super) fn last_reply(&self) -> Option<Answered> {
        self.end.or_else(|| self.own.last().map(|&(_, answer)| answer))
    }

    /// The final reply for a recipient.
    pub(super) fn own_reply(&self, recipient: Recipient) -> Option<Answered> {
        self.own.iter().find(|(own, _)| *own == recipient).map(|&(_, answer)| answer)
    }

    pub(super) fn chunk_answered(&mut self, answer: Answered, last: bool) {
        if last {
            self.end.get_or_insert(answer);
        } else {
            self.chunks.push(answer);
        }
    }
}

impl Log {
    /// The code of a reply, if the client has read all of it.
    pub(super) fn code_read(&self, answer: Answered) -> Option<u16> {
        answer.is_read_at(self.read).then_some(answer.code)
    }

    /// Takes down a reply that ends at this byte of all that the server says.
    pub(super) fn server(&mut self, text: &str, until: u64) {
        self.push(text.to_owned(), LineKind::Server(until));
    }

    /// Takes down a line of the client.
    pub(super) fn client(&mut self, line: &[u8], ended: bool) {
        let kind = if ended { LineKind::Unheard } else { LineKind::Client };
        self.push(line.trim_ascii_end().escape_ascii().to_string(), kind);
    }

    /// Takes down lines of content.
    pub(super) fn content(&mut self, content: &[u8], ended: bool) {
        const MAX_LINES: usize = 12;
        let mut lines = content.split_inclusive(|&byte| byte == b'\n');
        for line in lines.by_ref().take(MAX_LINES) {
            self.client(line, ended);
        }
        let rest = lines.count();
        if rest > 0 {
            self.event(&format!("and {rest} more lines, {} bytes in all", content.len()));
        }
    }

    /// Takes down what is neither side's line.
    pub(super) fn event(&mut self, text: &str) {
        self.push(text.to_owned(), LineKind::Event);
    }

    pub(super) fn fault(&mut self, text: String) {
        self.event(&format!("fault: {text}"));
        self.faults.push(text);
    }

    fn push(&mut self, text: String, kind: LineKind) {
        self.lines.push(Line { text, kind });
    }

    /// The session, a line each.
    pub(super) fn dialogue(&self) -> String {
        let mut dialogue = String::new();
        for Line { text, kind } in &self.lines {
            let _ = match kind {
                LineKind::Server(until) if *until > self.read => {
                    writeln!(dialogue, "S: {text}   (the client did not read it)")
                }
                LineKind::Server(_) => writeln!(dialogue, "S: {text}"),
                LineKind::Client => writeln!(dialogue, "C: {text}"),
                LineKind::Unheard => writeln!(dialogue, "C: {text}   (the server did not read it)"),
                LineKind::Event => writeln!(dialogue, "-- {text} --"),
            };
        }
        dialogue
    }
}
