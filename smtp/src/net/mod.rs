//! The only I/O: sockets of tokio, TLS of tokio-rustls, and the driver that moves octets between
//! them and the engine.
//!
//! It knows lines, replies and time, but no command, no mechanism and no state: those give it
//! something to send and read what comes back.

mod body;
mod dial;
mod driver;
mod security;
mod stream;
mod timer;
mod tls_config;

pub(crate) use dial::dial;
pub(crate) use driver::{Driver, Wanted};
pub(crate) use stream::Stream;
pub use stream::Transport;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use tls_config::TlsConfigBuilder;
pub use tls_config::{TlsConfig, TlsConfigError};
