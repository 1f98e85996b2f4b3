//! Who sends a message, and to whom.

use std::fmt::{self, Display};

use smtp_grammar::{Capabilities, ForwardPath, ReversePath};

use super::policy::Policy;
use crate::command::{Mail, Rcpt};
use crate::extension::{MailParameter, RcptParameter};

/// The envelope of a message: its sender, its recipients, and what they ask for.
///
/// ```
/// use smtp::Envelope;
///
/// let envelope = Envelope::new("me@example.com", ["you@example.org", "her@example.net"])?;
/// assert_eq!(envelope.recipients().count(), 2);
/// # Ok::<(), smtp::error::EnvelopeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Envelope {
    mail: Mail,
    recipients: Vec<Rcpt>,
    policy: Policy,
    /// MAIL and the first RCPT ask nothing of an extension.
    plain: bool,
    /// They can be written wherever the server offers their parameters.
    simple: bool,
}

impl Envelope {
    /// An envelope of a sender and recipients, each a path of its type or an address as text. The
    /// empty sender `""` is the null path, for messages that must not be answered.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError`] names the address that is none, and why.
    pub fn new<F, R>(from: F, recipients: R) -> Result<Self, EnvelopeError>
    where
        F: TryInto<ReversePath>,
        F::Error: Display,
        R: IntoIterator,
        R::Item: TryInto<ForwardPath>,
        <R::Item as TryInto<ForwardPath>>::Error: Display,
    {
        let sender = from
            .try_into()
            .map_err(|error| EnvelopeError { index: None, reason: error.to_string() })?;
        let recipients = recipients
            .into_iter()
            .enumerate()
            .map(|(index, recipient)| match recipient.try_into() {
                Ok(path) => Ok(Rcpt::to(path)),
                Err(error) => Err(EnvelopeError { index: Some(index), reason: error.to_string() }),
            })
            .collect::<Result<_, _>>()?;
        let policy = Policy::default();
        Ok(Self { recipients, policy, ..Self::from_mail(Mail::from(sender)) }.checked())
    }

    /// An envelope that begins with this MAIL and its parameters, and has no recipients yet.
    ///
    /// ```
    /// use smtp::command::{Mail, Rcpt};
    /// use smtp::extension::{Notify, Ret};
    /// use smtp::{Envelope, Mailbox};
    ///
    /// let (me, you): (Mailbox, Mailbox) = ("me@example.com".parse()?, "you@example.org".parse()?);
    /// let envelope = Envelope::from_mail(Mail::from(me).with(Ret::Headers))
    ///     .recipient(Rcpt::to(you).with(Notify::FAILURE));
    /// # Ok::<(), smtp::grammar::SyntaxError>(())
    /// ```
    pub fn from_mail(mail: Mail) -> Self {
        let (recipients, policy) = (Vec::new(), Policy::default());
        Self { mail, recipients, policy, plain: false, simple: false }.checked()
    }

    /// Adds a parameter of an extension to MAIL. SIZE, BODY and SMTPUTF8 are added when
    /// the message is delivered, where it needs them.
    #[must_use]
    pub fn with(mut self, parameter: impl MailParameter) -> Self {
        self.mail = self.mail.with(parameter);
        self.checked()
    }

    /// Adds a parameter of an extension to every RCPT.
    #[must_use]
    pub fn with_each(mut self, parameter: &(impl RcptParameter + Clone)) -> Self {
        self.recipients = self
            .recipients
            .into_iter()
            .map(|recipient| recipient.with(parameter.clone()))
            .collect();
        self.checked()
    }

    /// Adds a recipient.
    #[must_use]
    pub fn recipient(mut self, rcpt: Rcpt) -> Self {
        self.recipients.push(rcpt);
        self.checked()
    }

    /// Sets who must be accepted for the message to be sent.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The sender.
    pub fn sender(&self) -> &ReversePath {
        self.mail.path()
    }

    /// The recipients, in order.
    pub fn recipients(&self) -> impl ExactSizeIterator<Item = &ForwardPath> {
        self.recipients.iter().map(Rcpt::path)
    }

    /// Whether an address of the envelope cannot be written without SMTPUTF8.
    pub fn needs_smtputf8(&self) -> bool {
        self.sender().needs_smtputf8() || self.recipients().any(ForwardPath::needs_smtputf8)
    }

    /// Finds out whether a command of it may turn out to be unsendable. A delivery asks for each
    /// message, so as much as possible is found out here.
    fn checked(mut self) -> Self {
        let first = self.recipients.first();
        self.simple = !self.mail.declares_content()
            && !self.mail.path().needs_smtputf8()
            && self.mail.parameters().are_plain(ROOM)
            && first.is_some_and(|rcpt| {
                // MAIL would have left before the condition of a RCPT shows.
                !rcpt.path().needs_smtputf8()
                    && rcpt.parameters().are_plain(ROOM)
                    && !rcpt.parameters().have_conditions()
            });
        let plain = |rcpt: &Rcpt| !rcpt.has_parameters() && !rcpt.path().needs_smtputf8();
        self.plain = !self.mail.has_parameters()
            && !self.mail.path().needs_smtputf8()
            && self.recipients.first().is_some_and(plain);
        self
    }

    /// Whether MAIL and the first RCPT can be written for any server: they ask nothing
    /// of an extension.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Whether MAIL and the first RCPT can be written for this server, as far as that is known
    /// without trying. A condition of MAIL shows when it is written, before
    /// anything else leaves.
    #[inline]
    pub(crate) fn can_be_written(&self, capabilities: &Capabilities) -> bool {
        self.simple
            && self.mail.parameters().are_offered(capabilities)
            && self
                .recipients
                .first()
                .is_some_and(|rcpt| rcpt.parameters().are_offered(capabilities))
    }

    /// Whether the message may be sent in more than one transaction. One with a
    /// [`TransactionId`](crate::extension::TransactionId) may not: it names a single one (RFC 1845 §2).
    #[cold]
    pub(crate) fn may_split(&self) -> bool {
        self.policy.permits_split() && self.mail.parameters().get("TRANSID").is_none()
    }

    pub(crate) fn send_policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn mail(&self) -> &Mail {
        &self.mail
    }

    pub(crate) fn rcpts(&self) -> &[Rcpt] {
        &self.recipients
    }
}

/// Bytes that the longest path, and what a delivery declares, leave of a command line without
/// extensions: a path has 256 bytes (RFC 5321 §4.5.3.1.3).
const ROOM: usize = 200;

/// An address of an envelope that is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeError {
    index: Option<usize>,
    reason: String,
}

impl EnvelopeError {
    /// Which recipient it is, counted from 0; None for the sender.
    pub fn index(&self) -> Option<usize> {
        self.index
    }
}

impl Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            None => write!(f, "the sender: {}", self.reason),
            Some(index) => write!(f, "recipient {}: {}", index + 1, self.reason),
        }
    }
}

impl std::error::Error for EnvelopeError {}
