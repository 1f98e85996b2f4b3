//! DSN: what to report about delivery, to whom, under which name (RFC 3461).

use smtp_grammar::{Capability, Mailbox, Params, xtext};

use super::optional::MayBeLeftOut;
use super::parameter::{Condition, Conditions, MailParameter, Parameter, RcptParameter};
use super::unmet::Unmet;

/// The keyword DSN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dsn;

impl Capability for Dsn {
    const KEYWORD: &'static str = "DSN";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// How much of the message a report of failure returns.
///
/// ```text
/// ret-value = "FULL" / "HDRS"      ; RFC 3461 §4.3
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ret {
    /// All of it.
    Full,
    /// Its headers.
    Headers,
}

impl MailParameter for Ret {
    fn into_parameter(self) -> Parameter {
        let value = match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        };
        parameter("RET", value, 8)
    }
}

impl MayBeLeftOut for Ret {}

/// A name for the envelope, which every report repeats.
///
/// ```text
/// envid-parameter = "ENVID=" xtext      ; RFC 3461 §4.4: printable ASCII, 100 bytes at most
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeId(String);

impl EnvelopeId {
    /// A name of 1 to 100 printable ASCII characters; None for any other.
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let printable = id.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        ((1..=100).contains(&id.len()) && printable).then_some(Self(id))
    }
}

impl MailParameter for EnvelopeId {
    fn into_parameter(self) -> Parameter {
        parameter("ENVID", xtext::encode(&self.0), 107)
    }
}

impl MayBeLeftOut for EnvelopeId {}

/// When to report on a recipient.
///
/// ```text
/// notify-esmtp-value = "NEVER" / 1#notify-list-element
/// notify-list-element = "SUCCESS" / "FAILURE" / "DELAY"      ; RFC 3461 §4.1
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    success: bool,
    failure: bool,
    delay: bool,
}

impl Notify {
    /// Report nothing.
    pub const NEVER: Self = Self { success: false, failure: false, delay: false };
    /// Report that the message was delivered.
    pub const SUCCESS: Self = Self { success: true, ..Self::NEVER };
    /// Report that the message could not be delivered.
    pub const FAILURE: Self = Self { failure: true, ..Self::NEVER };
    /// Report that the message is late.
    pub const DELAY: Self = Self { delay: true, ..Self::NEVER };

    /// Both of what `self` and `other` report.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            success: self.success || other.success,
            failure: self.failure || other.failure,
            delay: self.delay || other.delay,
        }
    }
}

impl RcptParameter for Notify {
    fn into_parameter(self) -> Parameter {
        let names: Vec<&str> =
            [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")]
                .into_iter()
                .filter_map(|(wanted, name)| wanted.then_some(name))
                .collect();
        if names.is_empty() {
            parameter("NOTIFY", "NEVER", 28)
        } else {
            parameter("NOTIFY", names.join(","), 28)
        }
    }
}

impl MayBeLeftOut for Notify {}

/// The recipient as the sender first named it.
///
/// ```text
/// original-recipient-address = addr-type ";" xtext      ; RFC 3461 §4.2
/// ```
///
/// An address beyond ASCII is written as `utf-8;` in the form of RFC 6533 §3 that any line can hold.
/// A domain with U-labels keeps them, although RCPT itself is written with A-labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalRecipient(String);

impl OriginalRecipient {
    /// The recipient was first named as `mailbox`.
    #[expect(clippy::needless_pass_by_value, reason = "as every parameter of an address")]
    pub fn new(mailbox: Mailbox) -> Self {
        let address = mailbox.to_unicode();
        Self(if address.is_ascii() {
            format!("rfc822;{}", xtext::encode(&address))
        } else {
            format!("utf-8;{}", utf8_addr_xtext(&address))
        })
    }

    /// The recipient was first named by an address of another system, such as `x400`: the type of
    /// the address, which IANA registers, and the address in printable ASCII. `None` where the type
    /// is no word of letters, digits and hyphens, or the address is empty or holds anything else.
    pub fn other(address_type: &str, address: &str) -> Option<Self> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let typed = !address_type.is_empty() && address_type.bytes().all(word);
        let printable = address.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        (typed && printable && !address.is_empty())
            .then(|| Self(format!("{address_type};{}", xtext::encode(address))))
    }
}

impl RcptParameter for OriginalRecipient {
    fn into_parameter(self) -> Parameter {
        let condition = original_recipient_condition(&self.0);
        let parameter = parameter("ORCPT", self.0, 500);
        match condition {
            Some(condition) => parameter.needs_own(condition),
            None => parameter,
        }
    }
}

impl MayBeLeftOut for OriginalRecipient {}

/// The longest value of ORCPT (RFC 3461 §4.2).
const LONGEST_ORIGINAL_RECIPIENT: usize = 500;

/// The condition of a value of ORCPT: one that is too long is not sent.
pub(super) fn original_recipient_condition(value: &str) -> Option<Condition> {
    (value.len() > LONGEST_ORIGINAL_RECIPIENT).then_some(too_long)
}

fn too_long(_: &Conditions<'_>) -> Result<(), Unmet> {
    Err(Unmet::by_caller(format!(
        "the address is longer than {LONGEST_ORIGINAL_RECIPIENT} bytes in the form that it is \
         written in: leave it out (RFC 3461 §4.2)"
    )))
}

/// ```text
/// utf-8-addr-xtext   = 1*(QCHAR / EmbeddedUnicodeChar)      ; RFC 6533 §3
/// EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}"            ; "\x{...}"
/// QCHAR = %x21-2a / %x2c-3c / %x3e-5b / %x5d-7e             ; all but "\", "+", "=", controls
/// ```
fn utf8_addr_xtext(address: &str) -> String {
    address
        .chars()
        .map(|character| match character {
            '+' | '=' | '\\' => format!("\\x{{{:02X}}}", u32::from(character)),
            '!'..='~' => character.to_string(),
            _ => format!("\\x{{{:02X}}}", u32::from(character)),
        })
        .collect()
}

fn parameter(keyword: &'static str, value: impl Into<String>, raises: usize) -> Parameter {
    Parameter::new(keyword, value, Dsn::KEYWORD).raises(raises)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;
    use crate::command::{Mail, Rcpt, encode};
    use crate::grammar::{Capabilities, ForwardPath, Reply, ReplyCode, ReversePath};

    fn line<C: Command>(command: &C) -> String {
        let lines = ["mail.example.org", "DSN", "SMTPUTF8"];
        let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
        String::from_utf8(encode(command, &capabilities).expect("a command")).expect("text")
    }

    #[test]
    fn notify() {
        let table = [
            (Notify::NEVER, "NEVER"),
            (Notify::SUCCESS, "SUCCESS"),
            (Notify::DELAY.and(Notify::FAILURE), "FAILURE,DELAY"),
            (Notify::SUCCESS.and(Notify::NEVER), "SUCCESS"),
        ];
        for (notify, value) in table {
            let rcpt = Rcpt::to(ForwardPath::Postmaster).with(notify);
            assert_eq!(line(&rcpt), format!("RCPT TO:<Postmaster> NOTIFY={value}\r\n"));
        }
    }

    #[test]
    fn envelope_ids_are_printable() {
        for id in ["", "a\tb", "\u{e9}", &"x".repeat(101)] {
            assert_eq!(EnvelopeId::new(id), None, "{id:?}");
        }
        let id = EnvelopeId::new("a+b=c d").expect("printable");
        let mail = Mail::from(ReversePath::Null).with(id).with(Ret::Headers);
        assert_eq!(line(&mail), "MAIL FROM:<> ENVID=a+2Bb+3Dc+20d RET=HDRS\r\n");
    }

    /// The vectors follow the rules of RFC 6533 §3.
    #[test]
    fn original_recipients() {
        let table = [
            ("a+b@example.org", "rfc822;a+2Bb@example.org"),
            #[cfg(feature = "idn")]
            ("you@\u{4f8b}\u{5b50}.example", "utf-8;you@\\x{4F8B}\\x{5B50}.example"),
            #[cfg(feature = "idn")]
            (
                "\u{7528}\u{6237}@\u{4f8b}\u{5b50}.\u{6d4b}\u{8bd5}",
                "utf-8;\\x{7528}\\x{6237}@\\x{4F8B}\\x{5B50}.\\x{6D4B}\\x{8BD5}",
            ),
        ];
        for (address, value) in table {
            let mailbox: Mailbox = address.parse().expect("an address");
            let rcpt = Rcpt::to(ForwardPath::Postmaster).with(OriginalRecipient::new(mailbox));
            assert_eq!(line(&rcpt), format!("RCPT TO:<Postmaster> ORCPT={value}\r\n"));
        }
    }
}
