//! Proxies: connectors that open the stream to a server through another host.
//!
//! | connector | protocol | credentials |
//! |---|---|---|
//! | [`Socks5`] | SOCKS5 (RFC 1928) | user and password (RFC 1929) |
//! | [`Socks4a`] | SOCKS4 with its extension 4A | a user |
//! | [`HttpConnect`] | HTTP/1.1 CONNECT (RFC 9110 §9.3.6) | user and password, by Basic (RFC 7617) |
//! | [`Proxy`] | one of these, from a URL | those of the URL |
//!
//! ```no_run
//! use smtp::transport::proxy::Socks5;
//! use smtp::{Plain, Submission};
//!
//! # async fn send() -> Result<(), smtp::Error> {
//! let proxy = Socks5::new("proxy.example.com", 1080).credentials("me", "pencil");
//! let mail = Submission::new("mail.example.com")
//!     .connector(proxy)
//!     .auth(Plain::new("me@example.com", "secret"))
//!     .connect()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # The server
//!
//! The proxy gets the server's name as it is, and looks it up: this machine need not be able to, and
//! asks no resolver for it. Where the caller gives addresses ([`Server::at`](crate::Server::at)) or
//! an IP address as the host, the proxy gets those. The certificate of the session is checked for
//! the server's name; the proxy's name plays no part in that. A client without a name gives
//! `[127.0.0.1]` in EHLO: the address that it has towards the proxy is not told to the server.
//!
//! # The way to the proxy
//!
//! The proxy's own name is looked up by the system's resolver, and all its addresses are tried as
//! those of a server are (RFC 8305). `at`, `resolver` and `connector` change that. A proxy
//! that is reached through another one has that as its connector:
//!
//! ```
//! use smtp::Server;
//! use smtp::transport::proxy::{HttpConnect, Socks5};
//!
//! let outer = HttpConnect::new("gateway.example.com", 3128);
//! let inner = Socks5::new("127.0.0.1", 9050).connector(outer);
//! let server = Server::new("mail.example.com", 25).connector(inner);
//! ```
//!
//! The local address and keepalive of a server's settings are those of the connection to the proxy.
//! Every credential of a proxy travels in clear unless TLS to the proxy is asked for with
//! `over_tls`.
//!
//! # Errors
//!
//! A proxy that gives no stream is a [`ProxyError`](crate::error::ProxyError) on this side's account
//! ([`Blame::Local`](crate::error::Blame::Local)), never a refusal by the server:
//!
//! ```no_run
//! use smtp::error::ProxyErrorKind;
//! use smtp::transport::proxy::Socks5;
//! use smtp::{Connection, Error, Server};
//!
//! # async fn connect() {
//! let server = Server::new("mail.example.com", 25).connector(Socks5::new("127.0.0.1", 9050));
//! if let Err(Error::Lost(lost)) = Connection::connect(&server).await
//!     && let Some(proxy) = lost.proxy()
//!     && proxy.kind() == ProxyErrorKind::CredentialsRefused
//! {
//!     println!("ask for a new password: {proxy}");
//! }
//! # }
//! ```
//!
//! # Time and cancellation
//!
//! All that is said to a proxy is said within [`Timeouts::connect`](crate::connect::Timeouts::connect).
//! After it, and when the caller drops its future, the connection to the proxy is closed.

mod any;
mod credentials;
mod destination;
mod hop;
mod http_connect;
mod http_head;
mod settings;
mod socks4a;
mod socks5;
mod tunnel;

pub use any::Proxy;
pub use http_connect::HttpConnect;
pub use socks4a::Socks4a;
pub use socks5::Socks5;
