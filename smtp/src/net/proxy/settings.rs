//! The settings that every proxy has: where it is, and how it is reached.

/// Writes them for a type with a field `hop`, and its `Connect`, which calls its `open`.
macro_rules! proxy {
    ($proxy:ident) => {
        impl $proxy {
            /// Connects to the proxy at these addresses and their ports, and looks up no name.
            #[must_use]
            pub fn at(mut self, addresses: impl IntoIterator<Item = std::net::SocketAddr>) -> Self {
                self.hop.reach.addresses = Some(addresses.into_iter().collect());
                self
            }

            /// Looks the proxy's own name up with this resolver. The default is
            /// [`SystemResolver`](crate::transport::SystemResolver).
            #[must_use]
            pub fn resolver(mut self, resolver: impl crate::net::Resolve) -> Self {
                self.hop.reach.resolver = std::sync::Arc::new(resolver);
                self
            }

            /// Opens the stream to the proxy with this connector: another proxy, for one. The
            /// default is [`Tcp`](crate::transport::Tcp).
            #[must_use]
            pub fn connector(mut self, connector: impl crate::net::Connect) -> Self {
                self.hop.reach.connector = std::sync::Arc::new(connector);
                self
            }

            /// Speaks TLS to the proxy, from the first byte. Its certificate must be for the
            /// proxy's host. The TLS of the session goes on inside, and knows nothing of it.
            #[must_use]
            pub fn over_tls(mut self, tls: &crate::TlsConfig) -> Self {
                self.hop.tls = Some(tls.clone());
                self
            }
        }

        impl crate::net::Connect for $proxy {
            fn connect<'a>(
                &'a self,
                target: &'a crate::net::Target,
            ) -> std::pin::Pin<
                Box<dyn Future<Output = std::io::Result<crate::net::Connected>> + Send + 'a>,
            > {
                Box::pin(self.open(target))
            }

            fn takes_names(&self) -> bool {
                true
            }

            fn timed_out(&self, target: &crate::net::Target) -> std::io::Error {
                self.hop.timed_out(target)
            }
        }
    };
}

pub(super) use proxy;
