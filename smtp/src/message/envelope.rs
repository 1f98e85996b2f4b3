//! Who sends a message, and to whom.

use std::fmt::{self, Display};

use smtp_grammar::{ForwardPath, ReversePath};

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
        let envelope = Self { mail: Mail::from(sender), recipients, policy, plain: false };
        Ok(envelope.checked())
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

    /// Finds out whether a command of it may turn out to be unsendable.
    fn checked(mut self) -> Self {
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
