//! The state after a command that has ended the authentication of a session.

use smtp_grammar::Capabilities;

use super::{Authed, Exporter, Greeted, Reachable, State, Tls, sealed};

/// The state that a session had before AUTH: a command such as
/// [XCLIENT](crate::command::XClient) has ended the authentication, and TLS stays.
///
/// [`Authed`] does not say whether it was [`Greeted`] or [`Tls`] before, so that is known at run
/// time: [`AnyConnection::from`](crate::connection::AnyConnection) puts the connection into the one of these two
/// states that it is in. Until then it takes another command that leads back to `BeforeAuth`, and
/// what may be sent in any state.
#[derive(Debug)]
pub struct BeforeAuth {
    capabilities: Capabilities,
    /// None without TLS.
    exporter: Option<Box<Exporter>>,
}

impl BeforeAuth {
    /// The state `Tls`, or else `Greeted`.
    pub(crate) fn into_known(self) -> Result<Tls, Greeted> {
        let Self { capabilities, exporter } = self;
        match exporter {
            Some(exporter) => Ok(Tls { capabilities, exporter }),
            None => Err(Greeted { capabilities }),
        }
    }
}

impl State for BeforeAuth {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    fn set_capabilities(&mut self, capabilities: Capabilities) {
        self.capabilities = capabilities;
    }
}

impl Reachable<Authed> for BeforeAuth {
    fn enter(from: Authed) -> Self {
        Self { capabilities: from.capabilities, exporter: from.exporter }
    }
}

impl Reachable<Self> for BeforeAuth {
    fn enter(from: Self) -> Self {
        from
    }
}

impl sealed::Sealed for BeforeAuth {}
