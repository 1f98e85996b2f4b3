//! The trait of commands: values that are written as one line, and whose replies have a type.
//!
//! The commands of this crate and those of its users implement the same trait, mostly through
//! [`#[derive(SmtpCommand)]`](smtp_derive::SmtpCommand).

use smtp_grammar::{Capabilities, Reply, ReplyCode};

pub use super::code::CodePattern;
use super::line::{Audience, EncodeError, Line};
use super::reply::{FromReply, ReplyError};
use super::stage::Stage;

/// A command: how it is written and how its reply is read.
///
/// Other traits say where it may be sent: `ValidIn` for a command that stays in its state,
/// `Transition` for one that leaves it, `Upgrade` for one that opens a TLS handshake.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an SMTP command",
    label = "not an SMTP command",
    note = "derive it: `#[derive(SmtpCommand)] #[smtp(verb = \"NOOP\", valid_in(any))]`"
)]
pub trait Command {
    /// The type of an accepted reply.
    type Reply: FromReply;

    /// The properties of the command, the same for each value.
    const SPEC: CommandSpec;

    /// Writes the command without its CRLF. Errors are kept in the line and reported when
    /// it is sent, so that nothing half-written can leave.
    fn encode(&self, line: &mut Line<'_>);
}

/// The properties of a command type, the same for each of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct CommandSpec {
    /// The verb, as it stands on the wire.
    pub verb: &'static str,
    /// The EHLO keyword without which the command must not be sent (RFC 5321 §4.1.1.3).
    pub requires: Option<&'static str>,
    /// The replies that mean success.
    pub accepts: &'static [CodePattern],
    /// Which timeout applies to the reply.
    pub stage: Stage,
    /// Where the command may stand in a group of pipelined commands (RFC 2920 §3.1).
    pub position: Position,
    /// Whether success takes the server back to its greeting, so that EHLO must be sent again.
    pub resets: bool,
    /// How many lines the reply may have, where the general limit is too small.
    pub reply_lines: Option<usize>,
}

/// Where a command may stand in a pipelined group (RFC 2920 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Anywhere.
    Any,
    /// Only at the end: everything after it waits for its reply.
    Last,
}

/// The meaning of a reply to the command that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The command succeeded.
    Accepted,
    /// The server refused the command; the session goes on.
    Refused,
    /// No server that follows the protocol answers this command in this way: the two sides have
    /// lost step.
    Violation,
}

impl CommandSpec {
    /// A command that needs no extension, succeeds with any 2yz reply and must be last in a group.
    pub const fn new(verb: &'static str) -> Self {
        Self {
            verb,
            requires: None,
            accepts: &[CodePattern::Class(2)],
            stage: Stage::Other,
            position: Position::Last,
            resets: false,
            reply_lines: None,
        }
    }

    /// Needs this EHLO keyword.
    pub const fn requires(mut self, keyword: &'static str) -> Self {
        self.requires = Some(keyword);
        self
    }

    /// Succeeds with these replies.
    pub const fn accepts(mut self, codes: &'static [CodePattern]) -> Self {
        self.accepts = codes;
        self
    }

    /// Waits as long as this stage may take.
    pub const fn stage(mut self, stage: Stage) -> Self {
        self.stage = stage;
        self
    }

    /// May stand anywhere in a pipelined group.
    pub const fn pipelining(mut self) -> Self {
        self.position = Position::Any;
        self
    }

    /// Finds a command that must not be sent alone, or among others: after a 3yz the server takes
    /// the next command for what it waits for. The derive refuses such a command; this is for those
    /// that are written by hand.
    pub(crate) fn check_alone(&self) -> Result<(), EncodeError> {
        let waits = self.accepts.iter().any(|pattern| pattern.is_intermediate());
        if waits { Err(EncodeError::waits()) } else { Ok(()) }
    }

    /// Finds a command that opens content with another reply than a 3yz: after it the server takes
    /// the message for commands.
    pub(crate) fn check_content(&self) -> Result<(), EncodeError> {
        let waits = self.accepts.iter().all(|pattern| pattern.is_intermediate());
        if waits { Ok(()) } else { Err(EncodeError::opens_nothing()) }
    }

    /// Takes the server back to its greeting.
    pub const fn resets(mut self) -> Self {
        self.resets = true;
        self
    }

    /// Expects replies of up to this many lines.
    pub const fn reply_lines(mut self, lines: usize) -> Self {
        self.reply_lines = Some(lines);
        self
    }
}

/// The meaning of a reply with this code to a command that succeeds with `accepts`.
///
/// RFC 5321 §4.2.1 asks clients to act on the first digit. So any 4yz or 5yz is a refusal, and a
/// positive code that is not accepted is one too when its class is; a positive code of another
/// class (354 to MAIL, 250 to DATA) means that the two sides have lost step. An intermediate code
/// that is not accepted (350 to DATA) never is a refusal: the server waits for something that this
/// side does not know.
#[inline]
pub(crate) fn judge(accepts: &[CodePattern], code: ReplyCode) -> Verdict {
    if accepts.iter().any(|pattern| pattern.matches(code)) {
        Verdict::Accepted
    } else if code.value() >= 400
        || (!code.is_intermediate()
            && accepts.iter().any(|pattern| pattern.class() == code.value() / 100))
    {
        Verdict::Refused
    } else {
        Verdict::Violation
    }
}

/// Writes `command`, whole.
///
/// # Errors
///
/// When it cannot be sent. Nothing of it is in the buffer then.
#[inline]
pub(crate) fn encode<C: Command>(command: &C, line: &mut Line<'_>) -> Result<(), EncodeError> {
    if let Some(keyword) = C::SPEC.requires {
        line.require(keyword);
    }
    command.encode(line);
    line.finish()
}

/// Reads the reply to an accepted command.
///
/// # Errors
///
/// When the reply has another form than its type expects.
pub(crate) fn read<C: Command>(reply: Reply) -> Result<C::Reply, ReplyError> {
    C::Reply::from_reply(reply).map_err(|error| error.with_command(C::SPEC.verb))
}

/// The line that a command would be sent as, with its CRLF, to a server that offers these
/// capabilities. For tests and tools: a connection does this by itself.
///
/// # Errors
///
/// When the command cannot be sent.
pub fn encode_line<C: Command>(
    command: &C,
    capabilities: &Capabilities,
) -> Result<Vec<u8>, EncodeError> {
    let mut line = Vec::new();
    encode_into(command, capabilities, &mut line).map(|()| line)
}

/// As [`encode`](crate::command::encode), after what `buffer` holds. Nothing is written when the
/// command cannot be sent, and nothing is allocated when the buffer has room.
///
/// # Errors
///
/// When the command cannot be sent.
pub fn encode_into<C: Command>(
    command: &C,
    capabilities: &Capabilities,
    buffer: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let line = Line::new(buffer, capabilities, false, Audience::Trusted);
    // There is no session that could be asked.
    encode(command, &mut line.proven(true))
}

/// A command accepts each code that the type of its reply has a case for.
///
/// # Panics
///
/// When it does not: that is an error of the program, found where it is compiled.
pub const fn reads<C: Command>() {
    let (codes, accepts) = (C::Reply::CODES, C::SPEC.accepts);
    let mut index = 0;
    while index < codes.len() {
        let mut accepted = false;
        let mut other = 0;
        while other < accepts.len() {
            accepted |= codes[index].overlaps(accepts[other]);
            other += 1;
        }
        assert!(
            accepted,
            "a variant of this reply type has a code that the command does not accept: list it in \
             `accepts(..)`, or remove the variant"
        );
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Argument;
    use super::*;

    /// A command that writes its argument past the methods that look at it.
    struct Past(&'static str);

    impl Command for Past {
        type Reply = Reply;
        const SPEC: CommandSpec = CommandSpec::new("X");

        fn encode(&self, line: &mut Line<'_>) {
            line.verb("X ");
            self.0.write(line);
        }
    }

    #[test]
    fn what_is_written_past_the_methods_of_a_line_is_looked_at() {
        let encode = |argument| encode_line(&Past(argument), &Capabilities::none());
        assert_eq!(encode("a b").as_deref(), Ok(b"X a b\r\n".as_slice()));
        for argument in ["a\r\nQUIT", "a\nQUIT", "\0", "\u{e4}", ""] {
            encode(argument).expect_err(argument);
        }
    }

    #[test]
    fn replies_are_judged_by_class_unless_codes_are_listed() {
        use CodePattern::{Class, Exactly};
        use Verdict::{Accepted, Refused, Violation};
        let table: &[(&[CodePattern], u16, Verdict)] = &[
            (&[Class(2)], 250, Accepted),
            (&[Class(2)], 299, Accepted),
            (&[Class(2)], 354, Violation),
            (&[Class(2)], 450, Refused),
            (&[Class(2)], 571, Refused),
            (&[Exactly(354)], 354, Accepted),
            (&[Exactly(354)], 250, Violation),
            (&[Exactly(354)], 350, Violation),
            (&[Exactly(235), Exactly(334)], 350, Violation),
            (&[Exactly(250), Exactly(251)], 252, Refused),
            (&[Exactly(235), Exactly(334)], 250, Refused),
        ];
        for &(accepts, code, expected) in table {
            let reply = ReplyCode::new(code).expect("a code");
            assert_eq!(judge(accepts, reply), expected, "{accepts:?} {code}");
        }
    }
}
