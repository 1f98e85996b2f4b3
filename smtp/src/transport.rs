//! The base of a session: a stream, how it is opened, and a clock that keeps its timeouts.
//!
//! [`Connection::connect`](crate::Connection::connect) and [`Submission`](crate::Submission) open
//! TCP connections of tokio, and need nothing from here. A session over a [`Transport`] of the
//! caller's with a [`Clock`] of the caller's runs on any executor. [`Connect`] and [`Resolve`] take
//! the place of TCP and of the system's resolver, and [`ResolveSrv`] finds the servers of a domain.
//! With the feature `proxy` the module `proxy` has connectors through proxies; with `proxy-protocol`
//! the connector `ProxyProtocol` tells a server which client a connection is made for.

pub use crate::error::NoTimer;
#[cfg(feature = "hickory")]
pub use crate::net::HickoryResolver;
#[cfg(feature = "proxy-protocol")]
pub use crate::net::ProxyProtocol;
#[cfg(unix)]
pub use crate::net::Unix;
#[cfg(feature = "proxy")]
pub use crate::net::proxy;
pub use crate::net::{
    Clock, Connect, Connected, Family, Resolve, ResolveSrv, SrvAnswer, SrvRecord, SystemResolver,
    Target, Tcp, TlsConfigError, TlsVersion, TokioClock, Transport,
};
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use crate::net::{DangerousTlsConfig, TlsConfigBuilder};
/// The crate whose `TokioResolver` a [`HickoryResolver`] is made of, in the version that this one
/// uses.
#[cfg(feature = "hickory")]
#[doc(no_inline)]
pub use hickory_resolver;
