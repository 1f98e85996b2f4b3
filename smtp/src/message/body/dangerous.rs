//! The door to content that the server was not told of.

use super::Body;

impl<'a> Body<'a> {
    /// Opens the door for content that a server may garble, because it did not say that it can take
    /// it.
    ///
    /// ```
    /// use smtp::Body;
    ///
    /// let old = "Subject: Gr\u{fc}\u{df}e\r\n\r\nHallo.\r\n";
    /// let body = Body::from(old).dangerous().send_8bit_undeclared();
    /// ```
    pub fn dangerous(self) -> DangerousBody<'a> {
        DangerousBody(self)
    }
}

/// A body for one choice that may garble it.
#[derive(Debug)]
#[must_use = "the door is a step on the way to a body"]
pub struct DangerousBody<'a>(Body<'a>);

impl<'a> DangerousBody<'a> {
    /// Sends bytes beyond ASCII also to a server that does not offer 8BITMIME, and a header in UTF-8
    /// to one that does not offer SMTPUTF8, instead of a refusal by this side (5.6.3, 5.6.9). What
    /// the server offers is asked for as ever.
    ///
    /// Most servers pass such bytes on. Others cut off their highest bit, which garbles each of
    /// them (RFC 5321 §2.3.1, RFC 6152 §3), and a signature then no longer matches; or they refuse
    /// the message. It is a choice for servers that are known, and for messages that came so.
    ///
    /// Addresses are not a part of the body: one with a local part beyond ASCII still needs
    /// SMTPUTF8. So does a [binary](crate::message::LineEnds::Binary) message BINARYMIME.
    #[must_use]
    pub fn send_8bit_undeclared(mut self) -> Body<'a> {
        self.0.undeclared = true;
        self.0
    }
}
