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

    /// MAIL, with its parameters.
    pub fn mail(&self) -> &Mail {
        &self.mail
    }

    /// Each RCPT, with its parameters, in order.
    pub fn rcpts(&self) -> &[Rcpt] {
        &self.recipients
    }

    /// Who must be accepted for the message to be sent.
    pub fn send_policy(&self) -> &Policy {
        &self.policy
    }

    /// Keeps the recipients for which `keep` is true, as where only some of them are to be tried
    /// again. It sees the index of each in the envelope, counted from 0.
    ///
    /// A [`TransactionId`](crate::extension::TransactionId) goes where a recipient goes: it names one
    /// transaction, of which the server may have a part for all of them (RFC 1845 §2).
    ///
    /// ```
    /// use smtp::Envelope;
    ///
    /// let envelope = Envelope::new("me@example.com", ["you@example.org", "her@example.net"])?;
    /// let rest = envelope.retain(|index, _| index == 1);
    /// assert_eq!(rest.recipients().next().map(|path| path.as_str()), Some("<her@example.net>"));
    /// # Ok::<(), smtp::error::EnvelopeError>(())
    /// ```
    #[must_use]
    pub fn retain(mut self, mut keep: impl FnMut(usize, &Rcpt) -> bool) -> Self {
        let (mut index, before) = (0, self.recipients.len());
        self.recipients.retain(|rcpt| {
            index += 1;
            keep(index - 1, rcpt)
        });
        if self.recipients.len() < before {
            self.mail = self.mail.without("TRANSID");
        }
        self.checked()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extension::{Notify, Optional, Parameter};
    use crate::grammar::{Reply, ReplyCode};

    /// An envelope looks at its commands beforehand, and again when some are taken out.
    #[test]
    fn the_rest_of_an_envelope_is_as_if_it_had_been_built_so() {
        let path = |text: &str| ForwardPath::try_from(text).expect("an address");
        let first = Rcpt::to(path("a@example.org"));
        let second = Rcpt::to(path("b@example.org")).with(Optional(Notify::FAILURE));
        let all = Envelope::new("me@example.com", <[&str; 0]>::default())
            .expect("a sender")
            .recipient(first)
            .recipient(second);
        let offers = Capabilities::from_reply(&Reply::new(ReplyCode::OK, ["mail.example.org"]));
        for (kept, plain, left_out) in
            [(vec![0], true, 0), (vec![1], false, 1), (vec![0, 1], true, 1), (vec![], false, 0)]
        {
            let rest = all.clone().retain(|index, _| kept.contains(&index));
            assert_eq!(rest.recipients().len(), kept.len());
            assert_eq!(rest.is_plain(), plain, "{kept:?}");
            let without: usize =
                rest.rcpts().iter().map(|rcpt| rcpt.left_out(&offers).count()).sum();
            assert_eq!(without, left_out, "{kept:?}");
        }
        let mail = all.mail().clone().size(7).with(Parameter::flag("X-NOTICE", "X-NOTICE"));
        assert_eq!(mail.declared_size(), Some(7));
        let keywords: Vec<_> =
            mail.parameters().iter().map(|one| one.keyword().to_owned()).collect();
        assert_eq!(keywords, ["X-NOTICE"]);
    }
}
