//! The kinds of a submission, as types: whether it speaks TLS, and how it authenticates.

/// No credentials: [`Submission::connect`](super::Submission::connect) gives a [`Connection<Tls>`](crate::Connection).
#[derive(Debug, Clone, Copy)]
pub struct NoMechanism;

/// The credentials of the mechanism `M`: [`Submission::connect`](super::Submission::connect) gives a [`Connection<Authed>`](crate::Connection).
#[derive(Debug)]
pub struct WithMechanism<M>(pub(super) M);

/// Makes credentials for each connection: [`Submission::connect`](super::Submission::connect) gives a [`Connection<Authed>`](crate::Connection),
/// as often as it is called.
#[derive(Clone, Copy)]
pub struct WithMechanismFrom<F>(pub(super) F);

impl<F> std::fmt::Debug for WithMechanismFrom<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WithMechanismFrom(..)")
    }
}

/// No TLS, and so no credentials: [`Submission::connect`](super::Submission::connect) gives a [`Connection<Greeted>`](crate::Connection).
#[derive(Debug, Clone, Copy)]
pub struct WithoutTls;

/// Settings of a [`Submission`](super::Submission) that speaks TLS: [`NoMechanism`], and those that authenticate.
///
/// Sealed: [`WithoutTls`] is the one that does not.
#[diagnostic::on_unimplemented(
    message = "a submission without TLS has no settings of TLS",
    label = "`without_tls` was called before",
    note = "leave out `without_tls`: TLS is the default"
)]
pub trait OverTls: Sealed {}

/// Settings of a [`Submission`](super::Submission) that has no credentials yet, and may get some: [`NoMechanism`].
///
/// Sealed.
#[diagnostic::on_unimplemented(
    message = "this submission takes no credentials",
    label = "it speaks without TLS, or has credentials already",
    note = "leave out `without_tls`: credentials travel inside TLS"
)]
pub trait TakesCredentials: Sealed {}

impl TakesCredentials for NoMechanism {}

mod sealed {
    pub trait Sealed {}
}

pub(super) use sealed::Sealed;

impl Sealed for NoMechanism {}
impl OverTls for NoMechanism {}
impl<M> Sealed for WithMechanism<M> {}
impl<M> OverTls for WithMechanism<M> {}
impl<F> Sealed for WithMechanismFrom<F> {}
impl<F> OverTls for WithMechanismFrom<F> {}
