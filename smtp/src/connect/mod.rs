//! Whom to reach, and how: a [`Server`], or a [`Submission`] with its credentials.

mod auth_pipelining;
#[cfg(feature = "tokens")]
mod cached;
mod capability_cache;
mod check;
mod dangerous;
mod discover;
mod first_message;
mod identity;
mod kind;
mod lmtp;
mod log_in;
mod network;
mod open;
mod open_session;
mod opportunistic;
mod server;
mod session_key;
mod submission;
mod url;

pub use crate::net::Families;
pub use crate::proto::limits::{Leniency, Limits};
pub use crate::proto::stage::Timeouts;
#[cfg(feature = "tokens")]
pub use cached::Cached;
pub use capability_cache::CapabilityCache;
pub use check::CheckReport;
pub use dangerous::DangerousSubmission;
#[cfg(feature = "blocking")]
pub(crate) use first_message::not_sent;
pub use identity::CredentialId;
pub use kind::{
    NoMechanism, OverTls, TakesCredentials, WithMechanism, WithMechanismFrom, WithoutTls,
};
pub use open_session::OpenSession;
pub use opportunistic::OpportunisticTls;
pub use server::Server;
pub use session_key::SessionKey;
pub use submission::Submission;
#[cfg(feature = "proxy")]
pub use url::ProxyUrlError;
pub use url::{SmtpUrl, UrlCredentials, UrlError};
