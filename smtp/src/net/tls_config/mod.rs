//! Whom to trust, which certificate to show, and which versions of TLS to speak.

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod accept_any;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod builder;
mod config;
mod error;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod fingerprint;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod pem;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod pin;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod provider;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod recording;
mod refused;
mod sessions;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod trust;
mod version;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use builder::{DangerousTlsConfig, TlsConfigBuilder};
pub use config::TlsConfig;
pub use error::TlsConfigError;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub(super) use pin::NotPinned;
pub(super) use refused::refused_in;
pub use version::TlsVersion;
