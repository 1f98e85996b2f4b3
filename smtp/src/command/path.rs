//! The argument of MAIL and RCPT: a path, or an address that becomes one.
//!
//! They exist for the error of text that was not parsed: it says how.

use smtp_grammar::{ForwardPath, ReversePath};

/// A sender: a [`ReversePath`], or a [`Mailbox`](crate::Mailbox) that becomes one.
///
/// Implemented for everything that converts into a path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the address of a sender",
    label = "neither a `Mailbox` nor a `ReversePath`",
    note = "text is parsed first, with its type: `.parse::<smtp::Mailbox>()?`"
)]
pub trait IntoReversePath {
    /// The path.
    fn into_reverse_path(self) -> ReversePath;
}

#[diagnostic::do_not_recommend]
impl<T: Into<ReversePath>> IntoReversePath for T {
    fn into_reverse_path(self) -> ReversePath {
        self.into()
    }
}

/// A recipient: a [`ForwardPath`], or a [`Mailbox`](crate::Mailbox) that becomes one.
///
/// Implemented for everything that converts into a path.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the address of a recipient",
    label = "neither a `Mailbox` nor a `ForwardPath`",
    note = "text is parsed first, with its type: `.parse::<smtp::Mailbox>()?`"
)]
pub trait IntoForwardPath {
    /// The path.
    fn into_forward_path(self) -> ForwardPath;
}

#[diagnostic::do_not_recommend]
impl<T: Into<ForwardPath>> IntoForwardPath for T {
    fn into_forward_path(self) -> ForwardPath {
        self.into()
    }
}
