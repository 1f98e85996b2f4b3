//! SASL mechanisms: one file each, what a mechanism is, and what it may know.
//!
//! The mechanisms here are made as yours can be: with
//! [`#[derive(SmtpCommand)]`](smtp_derive::SmtpCommand) or by implementing [`Mechanism`].

mod anonymous;
mod bearer;
#[cfg(any(feature = "scram", feature = "gssapi"))]
mod binding;
mod boxed;
#[cfg(feature = "legacy-auth")]
mod cram_md5;
mod credentials;
#[cfg(feature = "legacy-auth")]
mod digest_md5;
#[cfg(any(feature = "scram", feature = "legacy-auth", feature = "gssapi"))]
mod end_point;
mod external;
mod facts;
#[cfg(feature = "gssapi")]
mod gssapi;
mod login;
mod mechanism;
#[cfg(any(feature = "scram", feature = "legacy-auth"))]
mod nonce;
#[cfg(feature = "legacy-auth")]
mod ntlm;
mod oauthbearer;
#[cfg(feature = "legacy-auth")]
mod otp;
mod plain;
mod refused;
#[cfg(feature = "scram")]
mod scram;
pub(crate) mod template;
mod token;
#[cfg(test)]
#[cfg(all(feature = "legacy-auth", feature = "scram", feature = "testing"))]
mod vectors;
mod xoauth2;

pub use crate::error::TokenError;
pub use crate::error::mechanism::MechanismError;
pub use crate::secret::AsBytes;
pub use anonymous::Anonymous;
#[cfg(any(feature = "scram", feature = "gssapi"))]
pub use binding::ChannelBinding;
#[cfg(feature = "legacy-auth")]
pub use cram_md5::CramMd5;
pub use credentials::{Credentials, Strength};
#[cfg(feature = "legacy-auth")]
pub use digest_md5::DigestMd5;
pub use external::External;
pub use facts::Facts;
#[cfg(feature = "gssapi")]
pub use gssapi::{Gs2Krb5, Gssapi, Spnego};
pub use login::Login;
pub use mechanism::{Challenge, Mechanism, Step};
#[cfg(feature = "legacy-auth")]
pub use ntlm::Ntlm;
pub use oauthbearer::OAuthBearer;
#[cfg(feature = "legacy-auth")]
pub use otp::Otp;
pub use plain::Plain;
pub use refused::{AfterRefusal, RefusedAuth};
#[cfg(feature = "scram")]
pub use scram::{
    Scram, ScramHash, ScramSha1, ScramSha224, ScramSha256, ScramSha384, ScramSha512, Sha1, Sha224,
    Sha256, Sha384, Sha512,
};
pub use token::{AccessToken, Need, TokenFuture, TokenSource};
pub use xoauth2::XOauth2;
