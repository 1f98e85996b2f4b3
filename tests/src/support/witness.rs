//! The servers that took what a row names, and how much that proves.

use std::fmt::{self, Display};

/// A server that takes what a row names. The tests of real servers start it and ask it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Witness {
    /// aiosmtpd.
    Aiosmtpd,
    /// It answers for Postfix, at a port of its own.
    CyrusSasl,
    /// Its submission service, LMTP service or authentication.
    Dovecot,
    /// Exim as Debian builds it.
    Exim,
    /// The same Exim, built with LIMITS.
    EximWithLimits,
    /// It answers for that Exim.
    GnuSasl,
    /// Postfix.
    Postfix,
    /// It answers for aiosmtpd.
    Pyspnego,
    /// The smtp-server of nodemailer.
    SmtpServer,
}

impl Witness {
    /// The name of the software. Two builds of one software are one witness.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aiosmtpd => "aiosmtpd",
            Self::CyrusSasl => "Cyrus SASL",
            Self::Dovecot => "Dovecot",
            Self::Exim | Self::EximWithLimits => "Exim",
            Self::GnuSasl => "GNU SASL",
            Self::Postfix => "Postfix",
            Self::Pyspnego => "pyspnego",
            Self::SmtpServer => "smtp-server",
        }
    }

    /// The script that starts it, without its ending.
    pub fn script(self) -> &'static str {
        match self {
            Self::Aiosmtpd | Self::Pyspnego => "aiosmtpd",
            Self::CyrusSasl | Self::Postfix => "postfix",
            Self::Dovecot => "dovecot",
            Self::Exim => "exim",
            Self::EximWithLimits | Self::GnuSasl => "exim-gsasl",
            Self::SmtpServer => "nodemailer",
        }
    }
}

/// How far a row is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Two or more independent servers took it.
    Verified(Vec<&'static str>),
    /// One server took it.
    SeenByOne(&'static str),
    /// A scripted dialogue alone has it.
    Dialogue,
}

impl Evidence {
    /// The evidence that these servers give.
    pub fn of(servers: &[Witness]) -> Self {
        let mut names: Vec<_> = servers.iter().map(|server| server.name()).collect();
        names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
        names.dedup();
        match names[..] {
            [] => Self::Dialogue,
            [name] => Self::SeenByOne(name),
            _ => Self::Verified(names),
        }
    }
}

impl Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified(names) => write!(f, "*verified*: {}", names.join(", ")),
            Self::SeenByOne(name) => write!(f, "*seen by one*: {name}"),
            Self::Dialogue => f.write_str("*dialogue*"),
        }
    }
}
