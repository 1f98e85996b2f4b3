//! Parameters that a message can do without.

use super::parameter::{MailParameter, Parameter, RcptParameter};

/// A parameter that is left out where the server does not offer it, instead of making the command
/// unsendable.
///
/// [`Receipt::left_out`](crate::Receipt::left_out) says which ones were.
///
/// ```
/// use smtp::Envelope;
/// use smtp::extension::{Notify, Optional, Priority};
///
/// let envelope = Envelope::new("me@example.com", ["you@example.org"])?
///     .with(Optional(Priority::new(3).ok_or("from -9 to 9")?))
///     .with_each(&Optional(Notify::FAILURE));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optional<P>(
    /// The parameter.
    pub P,
);

/// A parameter without which a message may be sent.
///
/// Not one that keeps a message from being delivered in a way that its sender does not want:
/// REQUIRETLS, BY with the mode R, HOLDFOR, HOLDUNTIL; and not BODY and SMTPUTF8, without which the
/// server would not read the message as it is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` must not be left out, so it cannot be optional",
    label = "the message would not be what its sender asks for",
    note = "give it without `Optional`: where the server does not offer it, the message is refused before it is sent; for a parameter of your own, implement `smtp::extension::MayBeLeftOut`"
)]
pub trait MayBeLeftOut {}

impl<P: MailParameter + MayBeLeftOut> MailParameter for Optional<P> {
    fn into_parameter(self) -> Parameter {
        self.0.into_parameter().into_optional()
    }
}

impl<P: RcptParameter + MayBeLeftOut> RcptParameter for Optional<P> {
    fn into_parameter(self) -> Parameter {
        self.0.into_parameter().into_optional()
    }
}
