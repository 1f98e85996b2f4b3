//! The one encoder: every command of every author reaches the wire through a [`Line`].
//!
//! It exists so that "no command can inject another" has to be proved in one place. Whatever is
//! written, the finished line holds no CR, LF or NUL, no byte beyond ASCII unless SMTPUTF8 was
//! agreed on, and no more bytes than the server has promised to read (RFC 5321 §4.5.3.1.4).

mod rules;

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::ops::Range;

use memchr::memchr3;
use smtp_grammar::{Capabilities, ForwardPath, ReversePath};

pub(crate) use super::audience::Audience;
pub(crate) use super::declared::Declared;
pub use super::encode_error::EncodeError;
use super::encode_error::{EncodeErrorKind, Value};
use super::left_out::LeftOutList;
use super::scan::{is_keyword, is_plain, splits};
use super::trace::RedactedLine;

/// Bytes that a command line may have with its CRLF before extensions raise the limit
/// (RFC 5321 §4.5.3.1.4).
pub(crate) const COMMAND_LINE: usize = 512;

/// Bytes that are reserved for a secret and the rest of its line, which rarely have more.
const SECRET_RESERVE: usize = 1024;

/// A value that can be written as an argument of a command.
///
/// Everything that implements [`Display`] can; secrets can too, and stay out of every trace.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written in an SMTP command",
    label = "has no form on the wire",
    note = "implement `Display` for it, or name an encoder on the field: `#[smtp(base64)]`, `#[smtp(with = path)]`"
)]
pub trait Argument {
    /// Writes the argument, and nothing around it.
    fn write(&self, line: &mut Line<'_>);
}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> Argument for T {
    fn write(&self, line: &mut Line<'_>) {
        line.display(self);
    }
}

/// A run of arguments that a value writes by itself, spaces included.
///
/// It is what `#[smtp(flatten)]` calls, for parts of a line that the derive has no words for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be flattened into an SMTP command",
    label = "is not a run of arguments",
    note = "implement `smtp::command::Arguments` for it, or remove `#[smtp(flatten)]`"
)]
pub trait Arguments {
    /// Writes the arguments with [`Line::arg`], [`Line::param`] and [`Line::flag`].
    fn write(&self, line: &mut Line<'_>);
}

// A path is text already: it needs no formatting.
impl Arguments for ForwardPath {
    #[inline]
    fn write(&self, line: &mut Line<'_>) {
        line.arg_str(self.as_str());
    }
}

impl Arguments for ReversePath {
    #[inline]
    fn write(&self, line: &mut Line<'_>) {
        line.arg_str(self.as_str());
    }
}

impl<T: Arguments> Arguments for Option<T> {
    fn write(&self, line: &mut Line<'_>) {
        if let Some(arguments) = self {
            arguments.write(line);
        }
    }
}

/// A command line while it is being written.
///
/// Methods do not fail: the first error is kept and reported when the command is sent, and
/// then nothing of the line leaves.
pub struct Line<'a> {
    buffer: &'a mut Vec<u8>,
    start: usize,
    capabilities: &'a Capabilities,
    limit: usize,
    utf8: bool,
    /// The line names a recipient of a message that is tracked.
    tracked: bool,
    glue: bool,
    /// Whether all of it was looked at while it was written, and is plain. A method that writes
    /// something else than the text of an argument unsets it, and sets it again where it has looked
    /// at that.
    plain: bool,
    /// Where in the line the secret stands; empty where there is none.
    secret: Range<usize>,
    /// The audience of a secret in the line.
    audience: Audience,
    /// The session is inside TLS, and the server has proved its name there.
    proven: bool,
    /// All that is written now is a secret.
    hiding: bool,
    declared: Declared,
    /// Where optional parameters are noted that are left out.
    left_out: Option<&'a mut LeftOutList>,
    error: Option<EncodeError>,
}

impl<'a> Line<'a> {
    /// A line that is appended to `buffer` and may use what `capabilities` lists. `utf8` says that
    /// the transaction has declared SMTPUTF8; `audience` is that of a secret.
    #[inline]
    pub(crate) fn new(
        buffer: &'a mut Vec<u8>,
        capabilities: &'a Capabilities,
        utf8: bool,
        audience: Audience,
    ) -> Self {
        let start = buffer.len();
        Self {
            buffer,
            start,
            capabilities,
            limit: COMMAND_LINE,
            utf8,
            tracked: false,
            glue: false,
            plain: true,
            secret: 0..0,
            audience,
            proven: false,
            hiding: false,
            declared: Declared::NONE,
            left_out: None,
            error: None,
        }
    }

    /// Notes here which optional parameters are left out.
    #[inline]
    pub(crate) fn noting(mut self, left_out: &'a mut LeftOutList) -> Self {
        self.left_out = Some(left_out);
        self
    }

    /// Says whether the session is inside TLS with a server that has proved its name.
    #[inline]
    pub(crate) fn proven(mut self, proven: bool) -> Self {
        self.proven = proven;
        self
    }

    /// Says whether the line names a recipient in a transaction whose MAIL has declared MTRK.
    #[inline]
    pub(crate) fn tracked(mut self, tracked: bool) -> Self {
        self.tracked = tracked;
        self.plain &= !tracked;
        self
    }

    /// Writes the verb. After one that ends in a colon (`MAIL FROM:`) the first argument follows
    /// without a space, as RFC 5321 §3.3 wants it.
    #[inline]
    pub fn verb(&mut self, verb: &str) {
        // Of a literal this is known before the program runs.
        self.plain &= is_plain(verb.as_bytes(), b' ');
        self.buffer.extend_from_slice(verb.as_bytes());
        self.glue = verb.ends_with(':');
    }

    /// Writes a space and an argument. An empty argument is an error, and so are control characters
    /// and a space outside of double quotes: it would begin an argument of its own.
    #[inline]
    pub fn arg<A: Argument + ?Sized>(&mut self, value: &A) {
        self.separate();
        let (at, plain) = (self.buffer.len(), self.plain);
        value.write(self);
        self.plain = plain;
        self.check_arg(at);
    }

    /// As [`arg`](Self::arg), of text as it is.
    #[expect(clippy::inline_always, reason = "each path and each address is written by it")]
    #[inline(always)]
    pub fn arg_str(&mut self, value: &str) {
        self.separate();
        let at = self.buffer.len();
        self.buffer.extend_from_slice(value.as_bytes());
        self.check_arg(at);
    }

    /// Writes a space and `KEYWORD=value` (RFC 5321 §4.1.2 `esmtp-param`). An empty value and one
    /// with a space or a control character are errors.
    #[inline]
    pub fn param<A: Argument + ?Sized>(&mut self, keyword: &str, value: &A) {
        self.flag(keyword);
        self.buffer.push(b'=');
        let (at, plain) = (self.buffer.len(), self.plain);
        value.write(self);
        self.plain = plain;
        self.check_value(at);
        if keyword.eq_ignore_ascii_case("BODY") {
            let kind = &self.buffer[at..];
            self.declared.add_if(!kind.eq_ignore_ascii_case(b"7BIT"), Declared::EIGHT_BIT);
            self.declared.add_if(kind.eq_ignore_ascii_case(b"BINARYMIME"), Declared::BINARY);
        }
        self.declared.add_if(keyword.eq_ignore_ascii_case("TRANSID"), Declared::CHECKPOINT);
        self.declared.add_if(keyword.eq_ignore_ascii_case("MTRK"), Declared::TRACKED);
    }

    /// Writes a space and a parameter that was looked at: a keyword, and a value of printable
    /// ASCII where it has one.
    #[inline]
    pub(crate) fn plain_param(&mut self, text: &str) {
        self.separate();
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// Writes bytes that are certainly printable ASCII.
    #[inline]
    pub(crate) fn plain_bytes(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(self.buffer);
    }

    /// Writes a space and `KEYWORD`.
    #[inline]
    pub fn flag(&mut self, keyword: &str) {
        self.separate();
        self.buffer.extend_from_slice(keyword.as_bytes());
        if !is_keyword(keyword) {
            self.fail_keyword(keyword);
        }
        if keyword.eq_ignore_ascii_case("SMTPUTF8") {
            self.allow_utf8();
        }
        self.declared.add_if(keyword.eq_ignore_ascii_case("PRDR"), Declared::PRDR);
    }

    /// Writes a space and free text, spaces included.
    pub fn text<A: Argument + ?Sized>(&mut self, value: &A) {
        self.separate();
        self.plain = false;
        value.write(self);
    }

    /// Makes the command unsendable unless the server's latest EHLO reply lists `keyword`.
    pub fn require(&mut self, keyword: &str) {
        if !self.capabilities.has(keyword) {
            self.fail(EncodeErrorKind::Missing(keyword.into()));
        }
    }

    /// Whether the server's latest EHLO reply lists `keyword`.
    pub fn offers(&self, keyword: &str) -> bool {
        self.capabilities.has(keyword)
    }

    /// Whether the server's latest EHLO reply lists `parameter` after `keyword`.
    pub fn lists(&self, keyword: &str, parameter: &str) -> bool {
        let mut parameters = self.capabilities.params(keyword).into_iter().flatten();
        parameters.any(|other| other.eq_ignore_ascii_case(parameter))
    }

    /// The capabilities in the server's latest EHLO reply.
    pub fn capabilities(&self) -> &'a Capabilities {
        self.capabilities
    }

    /// Makes the command unsendable, unless the session is inside TLS and the server has proved its
    /// name by a trusted root, the operating system or a pin. `parameter` is the one that needs it.
    pub fn require_tls(&mut self, parameter: &str) {
        if !self.proven {
            self.error.get_or_insert_with(|| EncodeError::needs_tls(parameter));
        }
    }

    /// Makes the command unsendable because of a parameter.
    #[cold]
    pub(crate) fn reject_parameter(&mut self, keyword: &str, reason: String) {
        self.error.get_or_insert_with(|| EncodeError::parameter(keyword, reason));
    }

    /// Takes note of an optional parameter that is left out.
    #[cold]
    pub(crate) fn leave_out(&mut self, keyword: Cow<'static, str>) {
        self.declared.add(Declared::LEFT_OUT);
        if let Some(left_out) = &mut self.left_out {
            left_out.push(keyword);
        }
    }

    /// Lets the line be longer by this many bytes, as the definition of an extension allows.
    pub fn raise_limit(&mut self, bytes: usize) {
        self.limit = self.limit.saturating_add(bytes);
    }

    /// Lets the line and the rest of its transaction hold UTF-8 beyond ASCII (RFC 6531). The flag
    /// SMTPUTF8 does so by itself.
    pub fn allow_utf8(&mut self) {
        self.utf8 = true;
        self.declared.add(Declared::UTF8);
    }

    /// Makes the command unsendable, for a reason that completes "the argument ...".
    pub fn reject(&mut self, reason: impl Into<String>) {
        self.fail(EncodeErrorKind::Rejected(reason.into().into()));
    }

    /// Writes what `value` displays.
    fn display<T: Display + ?Sized>(&mut self, value: &T) {
        self.plain = false;
        if write!(ByteWriter(self.buffer), "{value}").is_err() {
            self.fail(EncodeErrorKind::Rejected("could not be displayed".into()));
        }
    }

    /// Writes bytes.
    pub(crate) fn bytes(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.plain = false;
        write(self.buffer);
    }

    /// Writes bytes that no trace may show, and that travel in verified TLS alone. Everything that
    /// is a secret is written by this, no matter who has defined the command.
    pub(crate) fn secret(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.hide(|line| {
            line.plain = false;
            write(line.buffer);
        });
    }

    /// Lets `write` write a secret. Nothing is written where the server is not verified.
    pub(crate) fn hide(&mut self, write: impl FnOnce(&mut Self)) {
        if self.audience == Audience::Unverified {
            self.fail(EncodeErrorKind::Secret);
            return;
        }
        if std::mem::replace(&mut self.hiding, true) {
            return write(self);
        }
        // No half of a secret must be left in a buffer that was too small.
        self.buffer.reserve(SECRET_RESERVE);
        let from = self.buffer.len() - self.start;
        write(self);
        self.hiding = false;
        let from = if self.secret.is_empty() { from } else { self.secret.start };
        self.secret = from..self.buffer.len() - self.start;
    }

    /// Ends the line with CRLF.
    ///
    /// # Errors
    ///
    /// The first error of the line. The buffer is then as it was before.
    #[inline]
    pub(crate) fn finish(&mut self) -> Result<(), EncodeError> {
        let line = &self.buffer[self.start..];
        let fits = line.len() + 2 <= self.limit && !matches!(line, [] | [.., b' ']);
        if !(self.plain && fits && self.error.is_none()) {
            self.check()?;
        }
        self.buffer.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// The declaration of the command for the rest of its transaction.
    #[inline]
    pub(crate) fn declared(&self) -> Declared {
        self.declared
    }

    /// Where in the line its secret stands, if it has one.
    #[inline]
    pub(crate) fn secret_range(&self) -> Option<Range<usize>> {
        (!self.secret.is_empty()).then(|| self.secret.clone())
    }

    #[inline]
    fn separate(&mut self) {
        if !std::mem::take(&mut self.glue) {
            self.buffer.push(b' ');
        }
    }

    /// Looks at the argument that was written from `at` on.
    #[inline]
    fn check_arg(&mut self, at: usize) {
        let written = &self.buffer[at..];
        if written.is_empty() || !is_plain(written, b'!') {
            self.check_unusual(at, splits);
        }
    }

    /// Looks at the value of a parameter that was written from `at` on.
    #[inline]
    fn check_value(&mut self, at: usize) {
        let written = &self.buffer[at..];
        if written.is_empty() || !is_plain(written, b'!') {
            self.check_unusual(at, |value| value.iter().any(|&byte| byte <= b' ' || byte == 0x7f));
        }
    }

    /// Looks at what is not plain from `at` on.
    #[cold]
    fn check_unusual(&mut self, at: usize, splits: fn(&[u8]) -> bool) {
        let written = &self.buffer[at..];
        if written.is_empty() {
            return self.fail(EncodeErrorKind::Empty(self.value(self.start..at - 1)));
        }
        self.plain = false;
        if splits(written) {
            let value = self.value(at..self.buffer.len());
            self.fail(match memchr3(b'\r', b'\n', 0, written) {
                Some(offset) => EncodeErrorKind::Forbidden { byte: written[offset], value },
                None => EncodeErrorKind::Space(value),
            });
        }
    }

    /// A part of the buffer, as an error shows it.
    fn value(&self, part: Range<usize>) -> Value {
        let secret = self.start + self.secret.start..self.start + self.secret.end;
        let overlaps = part.start < secret.end && secret.start < part.end;
        if self.hiding || overlaps {
            return Value::secret();
        }
        Value::new(&self.buffer[part])
    }

    #[cold]
    fn fail_keyword(&mut self, keyword: &str) {
        self.fail(EncodeErrorKind::Keyword(Value::new(keyword.as_bytes())));
    }

    #[cold]
    fn fail(&mut self, kind: EncodeErrorKind) {
        self.error.get_or_insert(EncodeError { kind });
    }
}

/// The text that was written so far, without its secrets.
impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = &self.buffer[self.start..];
        let shown = if self.hiding {
            RedactedLine::open(b"<redacted>")
        } else {
            RedactedLine::redacted(line, self.secret_range())
        };
        f.debug_struct("Line")
            .field("written", &shown)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

struct ByteWriter<'a>(&'a mut Vec<u8>);

impl fmt::Write for ByteWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
