//! The sessions that a configuration remembers, to resume them.
//!
//! Some servers give out tickets and then break off the handshake in which one comes back: OpenSSL
//! does where it asks for client certificates and the server has named no session context, as
//! Dovecot has not. rustls alone would offer the same session of TLS 1.2 again and again. Such a
//! server is told apart here, and gets full handshakes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_rustls::rustls::NamedGroup;
use tokio_rustls::rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue,
};
use tokio_rustls::rustls::pki_types::ServerName;

/// The sessions that are remembered at most, as in rustls by default, and the servers whose
/// handshakes are.
const MAX: usize = 256;

/// Remembers sessions, but none of a server with which a handshake that offered one has failed.
#[derive(Debug)]
pub(super) struct Sessions {
    cache: ClientSessionMemoryCache,
    servers: Mutex<HashMap<ServerName<'static>, Resumes>>,
}

/// The state of a server that was offered a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resumes {
    /// A handshake that offers one is under way.
    Offered,
    /// One has failed.
    No,
}

impl Default for Sessions {
    fn default() -> Self {
        Self { cache: ClientSessionMemoryCache::new(MAX), servers: Mutex::default() }
    }
}

impl Sessions {
    /// Ends a handshake with this server. A failure of one that offered no
    /// session says nothing of sessions.
    pub(super) fn end_handshake(&self, server: &ServerName<'static>, succeeded: bool) {
        let mut servers = self.servers();
        if servers.get(server) != Some(&Resumes::Offered) {
            return;
        }
        if succeeded {
            servers.remove(server);
            return;
        }
        servers.insert(server.clone(), Resumes::No);
        drop(servers);
        self.cache.remove_tls12_session(server);
        while self.cache.take_tls13_ticket(server).is_some() {}
    }

    fn offered(&self, server: &ServerName<'_>) {
        let mut servers = self.servers();
        if servers.len() >= MAX {
            // At the cost of one more failure with each that resumes nothing.
            servers.clear();
        }
        servers.entry(server.to_owned()).or_insert(Resumes::Offered);
    }

    fn resumes(&self, server: &ServerName<'static>) -> bool {
        self.servers().get(server) != Some(&Resumes::No)
    }

    fn servers(&self) -> MutexGuard<'_, HashMap<ServerName<'static>, Resumes>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server: ServerName<'static>, group: NamedGroup) {
        self.cache.set_kx_hint(server, group);
    }

    fn kx_hint(&self, server: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache.kx_hint(server)
    }

    fn set_tls12_session(&self, server: ServerName<'static>, session: Tls12ClientSessionValue) {
        if self.resumes(&server) {
            self.cache.set_tls12_session(server, session);
        }
    }

    fn tls12_session(&self, server: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.cache.tls12_session(server).inspect(|_| self.offered(server))
    }

    fn remove_tls12_session(&self, server: &ServerName<'static>) {
        self.cache.remove_tls12_session(server);
    }

    fn insert_tls13_ticket(&self, server: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        if self.resumes(&server) {
            self.cache.insert_tls13_ticket(server, ticket);
        }
    }

    fn take_tls13_ticket(&self, server: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.cache.take_tls13_ticket(server).inspect(|_| self.offered(server))
    }
}
