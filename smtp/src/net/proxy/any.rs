//! A proxy of any kind, as settings and URLs name one.

use std::io;
use std::pin::Pin;

use super::http_connect::HttpConnect;
use super::socks4a::Socks4a;
use super::socks5::Socks5;
use crate::net::connect::{Connect, Connected, Target};

/// A proxy of any kind, for settings in which the kind is a value: [`Proxy::from_url`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Proxy {
    /// A SOCKS5 proxy.
    Socks5(Socks5),
    /// A SOCKS4 proxy that looks names up.
    Socks4a(Socks4a),
    /// An HTTP proxy.
    HttpConnect(HttpConnect),
}

impl Proxy {
    fn connector(&self) -> &dyn Connect {
        match self {
            Self::Socks5(proxy) => proxy,
            Self::Socks4a(proxy) => proxy,
            Self::HttpConnect(proxy) => proxy,
        }
    }
}

impl Connect for Proxy {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        self.connector().connect(target)
    }

    fn takes_names(&self) -> bool {
        self.connector().takes_names()
    }

    fn timed_out(&self, target: &Target) -> io::Error {
        self.connector().timed_out(target)
    }
}
