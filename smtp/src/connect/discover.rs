//! Submission to a domain, whose SRV records say where its servers are.

use super::submission::Submission;
use crate::net::{Discovery, ResolveSrv};

impl Submission {
    /// Submits to the servers that the SRV records of `domain` name, often the part of the user's
    /// address after the `@`.
    ///
    /// Each connection looks the records up again; the resolver may keep them. `_submissions._tcp`
    /// is looked up first: its servers speak TLS from the first byte (RFC 8314 §5.1). Where the
    /// domain has none, `_submission._tcp` is: its servers speak STARTTLS, which is required (RFC
    /// 6186 §3.1). The servers of one service are tried in the order of their priorities and
    /// weights (RFC 2782), by the same rule as the addresses of one host
    /// ([`Server::new`](crate::Server::new)). No server of the other service is tried in place of
    /// them, and no port is guessed.
    ///
    /// # Whom TLS verifies
    ///
    /// The certificate must be for `domain`, as it stands here. The names of the servers come from
    /// the DNS, where an attacker may have put names of their own (RFC 6186 §6). Many providers have
    /// certificates for those alone: name the ones that you know with
    /// [`accept_target`](Self::accept_target). Where the resolver says that DNSSEC has validated the
    /// records, each server is verified by its own name.
    ///
    /// # Other settings
    ///
    /// - [`implicit_tls`](Self::implicit_tls): `_submissions._tcp` alone is looked up.
    /// - [`without_tls`](Self::without_tls): `_submission._tcp` alone is.
    /// - [`port`](Self::port): the servers are connected to at this port, and not at the one of their
    ///   record.
    /// - [`at`](Self::at), `unix_socket`: nothing is looked up. The server there is as that of
    ///   [`Submission::new(domain)`](Self::new).
    /// - [`resolver`](Self::resolver): looks up the addresses of the servers.
    ///
    /// All look-ups and the first stream have the time of
    /// [`Timeouts::connect`](crate::connect::Timeouts::connect).
    ///
    /// ```no_run
    /// use std::sync::Arc;
    ///
    /// use smtp::transport::{Resolve, ResolveSrv};
    /// use smtp::{Plain, Submission};
    ///
    /// # async fn send(resolver: Arc<impl Resolve + ResolveSrv>) -> Result<(), smtp::Error> {
    /// let mail = Submission::discover("example.com", Arc::clone(&resolver))
    ///     .resolver(resolver)
    ///     .accept_target("smtp.example.net")
    ///     .auth(Plain::new("me@example.com", "secret"))
    ///     .connect()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When it connects: [`Fault::Discovery`](crate::error::Fault::Discovery) when the records lead
    /// to no server, [`Fault::Unresolved`](crate::error::Fault::Unresolved) when they are not known,
    /// [`Fault::InvalidHost`](crate::error::Fault::InvalidHost) when `domain` is none.
    pub fn discover(domain: impl Into<String>, resolver: impl ResolveSrv) -> Self {
        let mut submission = Self::new(domain);
        submission.discovery = Some(Discovery::new(resolver));
        submission
    }
}

impl<A> Submission<A> {
    /// Takes a certificate for the name of this server, in place of one for the domain, where an SRV
    /// record of the domain leads to it ([`Submission::discover`]). Call it again for another one.
    ///
    /// That the server is the domain's must be known from elsewhere than the DNS: the provider's
    /// documentation, or a user who was asked.
    pub fn accept_target(mut self, name: impl Into<String>) -> Self {
        if let Some(discovery) = &mut self.discovery {
            discovery.accept(name.into());
        }
        self
    }
}
