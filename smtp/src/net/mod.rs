//! The only I/O: sockets of tokio, TLS of tokio-rustls, and the driver that moves bytes between
//! them and the engine.
//!
//! It knows lines, replies and time, but no command and no mechanism: those give it something to
//! send and read what comes back. Of the states it knows the facts of TLS, which it establishes.

mod body;
mod certificate_error;
mod clock;
mod connect;
mod driver;
mod handshake_error;
mod handshake_stream;
mod host;
#[cfg(test)]
mod manual_clock;
#[cfg(feature = "proxy")]
pub mod proxy;
#[cfg(feature = "proxy-protocol")]
mod proxy_protocol;
mod stream;
mod timer;
mod tls;
mod tls_config;
mod tokio_clock;

pub use clock::Clock;
#[cfg(feature = "tokens")]
pub(crate) use clock::{Expired, later, timeout_at};
#[cfg(feature = "hickory")]
pub use connect::HickoryResolver;
#[cfg(unix)]
pub use connect::Unix;
pub(crate) use connect::{Approach, Discovery, Local, Reach, Reached, Service};
pub use connect::{
    Connect, Connected, Families, Family, Resolve, ResolveSrv, SrvAnswer, SrvRecord,
    SystemResolver, Target, Tcp,
};
pub(crate) use driver::Driver;
pub(crate) use host::in_ascii;
#[cfg(feature = "proxy-protocol")]
pub use proxy_protocol::ProxyProtocol;
pub(crate) use stream::Clear;
pub use stream::Transport;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use tls_config::{DangerousTlsConfig, TlsConfigBuilder};
pub use tls_config::{TlsConfig, TlsConfigError, TlsVersion};
pub use tokio_clock::TokioClock;
