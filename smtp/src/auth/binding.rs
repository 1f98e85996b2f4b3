//! Which channel binding is used, and what the client tells the server of it, in SCRAM (RFC 5802
//! §6) and in GS2 (RFC 5801 §5).

use super::facts::Facts;
use super::template::saslname;
use crate::error::mechanism::MechanismError;
use crate::secret::{AsBytes as _, Secret};
use crate::state::Exporter;

/// How an authentication is bound to the TLS session, so that no third side can pass it on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelBinding {
    /// With `tls-exporter` (RFC 9266) inside TLS 1.3, where the server offers it.
    #[default]
    Automatic,
    /// As [`Automatic`](Self::Automatic), also inside TLS 1.2 where the configuration requires the
    /// extended master secret, and never without: an authentication that cannot be bound is not
    /// tried.
    Required,
    /// With `tls-server-end-point` (RFC 5929 §4), and never without: the authentication is bound to
    /// the server's certificate, for servers that are known to want that. A third side that holds
    /// the key of the certificate can pass such an authentication on. All other servers refuse it.
    ServerEndPoint,
    /// Not at all. The server is told that the client cannot.
    Off,
}

/// The choice for one exchange.
pub(in crate::auth) enum Chosen {
    /// The client cannot bind: `n`.
    Cannot,
    /// The client could, and the server does not offer it: `y`.
    NotOffered,
    /// `p=tls-exporter`; the value is taken when it is used.
    Exporter(Exporter),
    /// `p=tls-server-end-point`, and the value.
    EndPoint(Secret),
}

impl ChannelBinding {
    /// `plus` is the name of the mechanism that binds.
    pub(in crate::auth) fn choose(
        self,
        facts: &Facts<'_>,
        plus: &'static str,
    ) -> Result<Chosen, MechanismError> {
        let is_offered = facts.mechanisms().has(plus);
        if self == Self::ServerEndPoint {
            let data = Secret::from(facts.server_end_point()?);
            return if is_offered { Ok(Chosen::EndPoint(data)) } else { Err(not_offered(plus)) };
        }
        let can_bind = match self {
            Self::Off | Self::ServerEndPoint => false,
            Self::Automatic => facts.binds_by_itself(),
            Self::Required => facts.supports_exporter(),
        };
        match (self, can_bind, is_offered) {
            (Self::Required, false, _) => Err(MechanismError::new(
                "the connection has no channel binding: it takes TLS 1.3, or TLS 1.2 with \
                 `require_ems`",
            )),
            (Self::Required, true, false) => Err(not_offered(plus)),
            (_, false, _) => Ok(Chosen::Cannot),
            (_, true, false) => Ok(Chosen::NotOffered),
            (_, true, true) => {
                facts.exporter().check()?;
                Ok(Chosen::Exporter(facts.exporter().clone()))
            }
        }
    }
}

fn not_offered(plus: &str) -> MechanismError {
    MechanismError::new(format!("the server does not offer {plus}"))
}

impl Chosen {
    pub(in crate::auth) fn is_bound(&self) -> bool {
        matches!(self, Self::Exporter(_) | Self::EndPoint(_))
    }

    /// ```text
    /// gs2-header = gs2-cbind-flag "," [ authzid ] ","       ; RFC 5802 §7
    /// ```
    pub(in crate::auth) fn header(&self, authzid: &str) -> Result<String, MechanismError> {
        let flag = match self {
            Self::Cannot => "n",
            Self::NotOffered => "y",
            Self::Exporter(_) => "p=tls-exporter",
            Self::EndPoint(_) => "p=tls-server-end-point",
        };
        if authzid.is_empty() {
            return Ok(format!("{flag},,"));
        }
        Ok(format!("{flag},a={},", name(authzid)?))
    }

    /// The value of the binding, which is used once.
    pub(in crate::auth) fn data(&self) -> Result<Secret, MechanismError> {
        match self {
            Self::Exporter(exporter) => exporter.take(),
            Self::EndPoint(data) => Ok(data.clone()),
            Self::Cannot | Self::NotOffered => Ok(Secret::default()),
        }
    }
}

/// A name as SCRAM and GS2 write it.
pub(in crate::auth) fn name(name: &str) -> Result<String, MechanismError> {
    let text = name.to_owned();
    if text.contains('\0') {
        return Err(MechanismError::new("a name holds a NUL"));
    }
    Ok(String::from_utf8_lossy(&saslname(&text).as_bytes()).into_owned())
}
