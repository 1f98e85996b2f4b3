//! The builder of a capture server: offers, users and refusals.

use std::collections::HashMap;

use crate::testing::Certificate;

/// The builder of a [`CaptureServer`](super::CaptureServer).
#[derive(Debug, Default)]
#[must_use]
pub struct CaptureServerBuilder {
    pub(super) settings: Settings,
}

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) security: Security,
    pub(super) users: HashMap<String, String>,
    pub(super) require_auth: bool,
    /// Addresses, and the reply to their RCPT.
    pub(super) refused: HashMap<String, String>,
    /// Addresses, and the reply to a message for them over LMTP.
    pub(super) full: HashMap<String, String>,
    pub(super) lmtp: bool,
    pub(super) size_limit: usize,
    /// Keywords that are not offered, in upper case.
    pub(super) hidden: Vec<String>,
    pub(super) certificate: Certificate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    StartTls,
    Implicit,
    Clear,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            security: Security::StartTls,
            users: HashMap::new(),
            require_auth: false,
            refused: HashMap::new(),
            full: HashMap::new(),
            lmtp: false,
            size_limit: 64 * 1024 * 1024,
            hidden: Vec::new(),
            certificate: Certificate::default(),
        }
    }
}

impl CaptureServerBuilder {
    /// Offers STARTTLS, and AUTH only inside it.
    pub fn starttls(mut self) -> Self {
        self.settings.security = Security::StartTls;
        self
    }

    /// Speaks TLS from the first byte.
    pub fn implicit_tls(mut self) -> Self {
        self.settings.security = Security::Implicit;
        self
    }

    /// Offers no TLS, and AUTH in clear.
    pub fn plaintext(mut self) -> Self {
        self.settings.security = Security::Clear;
        self
    }

    /// Adds a user, and offers AUTH PLAIN and LOGIN.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.settings.users.insert(name.into(), password.into());
        self
    }

    /// Refuses MAIL from clients that have not authenticated.
    pub fn require_auth(mut self) -> Self {
        self.settings.require_auth = true;
        self
    }

    /// Answers RCPT for this address with this reply, such as `550 5.1.1 no such user`.
    pub fn refuse_recipient(
        mut self,
        address: impl Into<String>,
        reply: impl Into<String>,
    ) -> Self {
        self.settings.refused.insert(address.into(), reply.into());
        self
    }

    /// Speaks LMTP (RFC 2033): LHLO alone, and a reply to the message for each recipient.
    pub fn lmtp(mut self) -> Self {
        self.settings.lmtp = true;
        self
    }

    /// Over [LMTP](Self::lmtp), takes RCPT for this address, and answers each message for it with
    /// this reply, such as `552 5.2.2 mailbox full`.
    pub fn refuse_messages(mut self, address: impl Into<String>, reply: impl Into<String>) -> Self {
        self.settings.full.insert(address.into(), reply.into());
        self
    }

    /// Takes messages of this many bytes, at most (64 MiB).
    pub fn size_limit(mut self, bytes: usize) -> Self {
        self.settings.size_limit = bytes;
        self
    }

    /// Does not list this EHLO keyword.
    pub fn without(mut self, keyword: &str) -> Self {
        self.settings.hidden.push(keyword.to_ascii_uppercase());
        self
    }

    /// Uses this certificate instead of one for `localhost`.
    pub fn certificate(mut self, certificate: &Certificate) -> Self {
        self.settings.certificate = certificate.clone();
        self
    }
}
