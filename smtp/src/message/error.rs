//! A message that did not arrive, or may have.

use std::fmt::{self, Display};

use smtp_grammar::{EnhancedStatusCode, Reply};

use super::body::Body;
use super::envelope::Envelope;
use super::recipient::{Recipient, RecipientOutcome, RecipientStatus};
use crate::error::blame::Blame;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
#[cfg(any(doc, test))]
use crate::proto::content::ContentError;
use crate::proto::fault::Fault;

/// Why a message was delivered to no recipient, or may have been.
///
/// Each variant has its recipients: what is to be done about a message is decided for each of them
/// by [`Recipient::outcome`].
///
/// | variant | the message | the connection |
/// |---|---|---|
/// | `Refused` | was refused | is intact |
/// | `NotSent` | never left, but for MAIL and RCPT in the flight of AUTH | is gone, was not made, or takes no more messages |
/// | `Lost` | cannot have arrived, or was refused | is gone |
/// | `Unknown` | had left whole and was not answered | is gone |
#[derive(Debug)]
pub enum DeliverError {
    /// The server refused the message, or it cannot be sent as it is. The session is intact and
    /// takes the next one.
    Refused(Undelivered),
    /// The connection is gone before the message had left whole, or the server said that it did
    /// not take it.
    Lost(DeliveryLost),
    /// The connection is gone after the message had left whole and before it was answered, or
    /// answered for each recipient.
    Unknown(DeliveryUnknown),
    /// The connection was gone, was not made, or takes no more messages, before anything of this
    /// one had left but its commands.
    NotSent(Unsent),
}

/// A message that was refused for every recipient, and why.
#[derive(Debug)]
pub struct Undelivered {
    refusal: Refusal,
    recipients: Vec<Recipient>,
    message: HandedBack,
}

/// The message, where it is handed back.
type HandedBack = Option<Box<(Envelope, Body<'static>)>>;

/// A message that was under way when the connection was lost, and that no server took.
#[derive(Debug)]
pub struct DeliveryLost {
    lost: Lost,
    recipients: Vec<Recipient>,
    message: HandedBack,
    /// The source of another message was the reason.
    by_another: bool,
}

/// The connection was lost after the message had been sent whole and before it was answered. The
/// server may have delivered it (RFC 1047).
///
/// Sending it again may deliver it twice, so the library never does that by itself.
#[derive(Clone, Debug)]
pub struct DeliveryUnknown {
    lost: Lost,
    recipients: Vec<Recipient>,
}

/// A message of which nothing has left, but for MAIL and RCPT in the flight of AUTH: it may be sent
/// over another connection.
#[derive(Debug)]
pub struct Unsent {
    reason: Result<Lost, Refusal>,
    recipients: Vec<Recipient>,
    message: HandedBack,
}

impl DeliverError {
    /// Each recipient and its outcome, in the order of the envelope.
    pub fn recipients(&self) -> &[Recipient] {
        match self {
            Self::Refused(undelivered) => &undelivered.recipients,
            Self::Lost(lost) => &lost.recipients,
            Self::Unknown(unknown) => &unknown.recipients,
            Self::NotSent(unsent) => &unsent.recipients,
        }
    }

    /// Whether sending the message again, later or over another connection, may deliver it to a
    /// recipient that has not got it, and cannot deliver it twice. Never true of
    /// [`Unknown`](Self::Unknown).
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused(undelivered) => undelivered.is_transient(),
            Self::Lost(lost) => lost.is_transient(),
            Self::Unknown(_) => false,
            // Over another connection; but one that its server has refused, as AUTH does, would be
            // refused again.
            Self::NotSent(unsent) => unsent.refusal().is_none_or(Refusal::is_transient),
        }
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Refused(undelivered) => undelivered.refusal.blame(),
            Self::Lost(DeliveryLost { lost, .. }) | Self::Unknown(DeliveryUnknown { lost, .. }) => {
                lost.blame()
            }
            Self::NotSent(unsent) => match &unsent.reason {
                Ok(lost) => lost.blame(),
                Err(refusal) => refusal.blame(),
            },
        }
    }

    /// The message, for another attempt: one that was given to a
    /// [`Feed`](crate::connection::Feed), that no server has, and whose body can be sent again: one
    /// in memory, whose progress is not reported, or one of which nothing was taken. Of other calls
    /// it is handed back where nothing of it was sent, as [`Unsent::into_message`] says.
    ///
    /// # Errors
    ///
    /// The same error, where the message is not handed back.
    pub fn try_into_message(mut self) -> Result<(Envelope, Body<'static>), Self> {
        let message = match &mut self {
            Self::Refused(undelivered) => undelivered.message.take(),
            Self::Lost(lost) => lost.message.take(),
            Self::NotSent(unsent) => unsent.message.take(),
            Self::Unknown(_) => None,
        };
        message.map(|message| *message).ok_or(self)
    }

    /// Hands the message back, where it is not with a server.
    #[cold]
    pub(crate) fn with_message(self, message: Option<(Envelope, Body<'static>)>) -> Self {
        let message = message.map(Box::new);
        match self {
            Self::Refused(undelivered) => Self::Refused(Undelivered { message, ..undelivered }),
            Self::Lost(lost) => Self::Lost(DeliveryLost { message, ..lost }),
            Self::NotSent(unsent) => Self::NotSent(Unsent { message, ..unsent }),
            Self::Unknown(unknown) => Self::Unknown(unknown),
        }
    }

    /// The server's reply, where a reply is the reason.
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Refused(undelivered) => undelivered.refusal.reply(),
            Self::NotSent(Unsent { reason: Err(refusal), .. }) => refusal.reply(),
            _ => self.lost().and_then(Lost::reply),
        }
    }

    /// The enhanced status code of the reason (RFC 3463): the server's, or that of this side's own
    /// refusal, where there is one (see [`Refusal::enhanced`]).
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        match self {
            Self::Refused(undelivered) => undelivered.refusal.enhanced(),
            Self::NotSent(Unsent { reason: Err(refusal), .. }) => refusal.enhanced(),
            Self::Lost(lost) => lost.enhanced(),
            Self::NotSent(_) | Self::Unknown(_) => self.reply().and_then(Reply::enhanced),
        }
    }

    /// How the connection was lost, where it was.
    pub fn lost(&self) -> Option<&Lost> {
        match self {
            Self::Refused(_) => None,
            Self::Lost(DeliveryLost { lost, .. }) | Self::Unknown(DeliveryUnknown { lost, .. }) => {
                Some(lost)
            }
            Self::NotSent(unsent) => unsent.lost(),
        }
    }
}

/// Whether a recipient may fare better another time.
fn may_retry(recipient: &Recipient) -> bool {
    match recipient.outcome() {
        RecipientOutcome::Refused(refusal) => refusal.is_transient(),
        RecipientOutcome::NotSent => true,
        RecipientOutcome::Delivered | RecipientOutcome::Unknown => false,
    }
}

impl Undelivered {
    pub(crate) fn new(refusal: Refusal, recipients: Vec<Recipient>) -> Self {
        Self { refusal, recipients, message: None }
    }

    /// The refusal of the message as a whole: the reply to MAIL, to DATA, or to the message. When
    /// each recipient was refused, it is the reply to one of them: to one that may be tried again,
    /// if there is one.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    /// Each recipient and its outcome, in the order of the envelope.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    pub(crate) fn into_refusal(self) -> Refusal {
        self.refusal
    }

    /// The recipients, of a message whose refusal turned out not to be the answer to it.
    pub(crate) fn into_unknown(mut self) -> Vec<Recipient> {
        let named = self.recipients.iter_mut().filter(|recipient| recipient.was_named());
        named.for_each(|recipient| recipient.finish(RecipientStatus::Unknown));
        self.recipients
    }

    pub(crate) fn into_parts(self) -> (Refusal, Vec<Recipient>) {
        (self.refusal, self.recipients)
    }

    /// Whether the message, or one of its recipients, may fare better later (4yz).
    pub fn is_transient(&self) -> bool {
        self.refusal.is_transient() || self.recipients.iter().any(may_retry)
    }
}

impl DeliveryLost {
    pub(crate) fn new(lost: Lost, recipients: Vec<Recipient>) -> Self {
        Self { lost, recipients, message: None, by_another: false }
    }

    /// That of a message which is not the one whose source failed.
    pub(crate) fn by_another(self) -> Self {
        Self { by_another: true, ..self }
    }

    /// How the connection was lost, and what the server had said before.
    pub fn lost(&self) -> &Lost {
        &self.lost
    }

    /// Each recipient and its outcome, in the order of the envelope: refused, or not sent.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// Whether sending the message again, over another connection, may deliver it to a recipient
    /// that has not got it. It cannot deliver the message twice: here no recipient got it.
    ///
    /// True where the fault of the connection may pass ([`Lost::is_transient`]): the server closed
    /// it, it was cut or too slow, or the server had refused with 4yz. Where the server had refused
    /// for good (5yz), or the fault is the source of another message in flight, the recipients
    /// decide: true if one of them was not refused for good. False where the same attempt would
    /// fail again, as with a source of this message that failed.
    pub fn is_transient(&self) -> bool {
        self.lost.is_transient()
            || ((self.by_another || self.lost.refusal().is_some())
                && self.recipients.iter().any(may_retry))
    }

    /// The enhanced status code of the reason: the server's, or 5.6.z where this side found in the
    /// middle of the message that it cannot be sent as it is ([`ContentError::enhanced`]).
    pub fn enhanced(&self) -> Option<EnhancedStatusCode> {
        match self.lost.fault() {
            Fault::Content(error) if !self.by_another => error.enhanced(),
            _ => self.lost.reply().and_then(Reply::enhanced),
        }
    }

    pub(crate) fn into_lost(self) -> Lost {
        self.lost
    }
}

impl DeliveryUnknown {
    pub(crate) fn new(lost: Lost, recipients: Vec<Recipient>) -> Self {
        Self { lost, recipients }
    }

    /// How the connection was lost.
    pub fn lost(&self) -> &Lost {
        &self.lost
    }

    /// Each recipient and its outcome, in the order of the envelope. Those that are
    /// [unknown](RecipientOutcome::Unknown) may have got the message. Where each has a reply of its
    /// own (LMTP), some may have been [delivered](RecipientOutcome::Delivered) before the connection
    /// was lost.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }
}

impl Unsent {
    /// `reason`: how the connection was lost, or why it takes no more messages.
    pub(crate) fn new(reason: Result<Lost, Refusal>, recipients: Vec<Recipient>) -> Self {
        Self { reason, recipients, message: None }
    }

    pub(crate) fn into_reason(self) -> Result<Lost, Refusal> {
        self.reason
    }

    /// How the connection was lost, or why there was none; `None` where a refusal is the reason.
    pub fn lost(&self) -> Option<&Lost> {
        self.reason.as_ref().ok()
    }

    /// The refusal that is the reason: the server takes no more messages over the connection, which
    /// is intact (MAILMAX of RFC 9422); or it has refused the session itself, its greeting, EHLO,
    /// STARTTLS or AUTH, of a call that connects.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.reason.as_ref().err()
    }

    /// The recipients, in the order of the envelope. None of them got anything.
    pub fn recipients(&self) -> &[Recipient] {
        &self.recipients
    }

    /// The message as the caller gave it, where nothing was taken from its body and the call owned
    /// it: every message of a [`Feed`](crate::connection::Feed), and of other calls a message whose
    /// body owns its bytes and reports no progress. A borrowed body and a source are not handed
    /// back.
    pub fn into_message(self) -> Option<(Envelope, Body<'static>)> {
        self.message.map(|message| *message)
    }
}

impl Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.refusal, f)
    }
}

impl Display for DeliveryLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.lost, f)
    }
}

impl Display for DeliveryUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "it is unknown whether the message was delivered, and sending it again may deliver it \
             twice: it had been sent whole, then {}",
            self.lost
        )
    }
}

impl Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Ok(lost) => write!(f, "nothing of the message was sent: {lost}"),
            Err(refusal) => write!(f, "nothing of the message was sent: {refusal}"),
        }
    }
}

// Where the text is that of a part, the part's source follows: no text comes twice.
impl std::error::Error for Undelivered {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.refusal.source()
    }
}

impl std::error::Error for DeliveryLost {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.lost.source()
    }
}

impl std::error::Error for DeliveryUnknown {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.lost.source()
    }
}

impl std::error::Error for Unsent {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.reason {
            Ok(lost) => lost.source(),
            Err(refusal) => refusal.source(),
        }
    }
}

impl Display for DeliverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(undelivered) => Display::fmt(undelivered, f),
            Self::Lost(lost) => Display::fmt(lost, f),
            Self::Unknown(unknown) => Display::fmt(unknown, f),
            Self::NotSent(unsent) => Display::fmt(unsent, f),
        }
    }
}

impl std::error::Error for DeliverError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(undelivered) => undelivered.source(),
            Self::Lost(lost) => lost.source(),
            Self::Unknown(unknown) => unknown.source(),
            Self::NotSent(unsent) => unsent.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_content_is_that_of_its_own_message() {
        let lost = || Lost::new(Fault::Content(ContentError::EightBit), None);
        let failed = || DeliveryLost::new(lost(), Vec::new());
        assert_eq!(failed().enhanced(), EnhancedStatusCode::new(5, 6, 3));
        assert_eq!(failed().by_another().enhanced(), None);
    }
}
