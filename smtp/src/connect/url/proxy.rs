//! A proxy in one line: a URL, as configurations and the environment have it.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::error::UrlError;
use super::parse;
use crate::connect::log_in::default_tls;
use crate::transport::proxy::{HttpConnect, Proxy, Socks4a, Socks5};

/// The protocol that a scheme names.
#[derive(Clone, Copy)]
enum Scheme {
    Socks5,
    Socks4a,
    Http,
    Https,
}

/// Every one of them leaves the look-up of names to the proxy, so `socks5h` is `socks5`.
const SCHEMES: [(&str, Scheme); 5] = [
    ("socks5", Scheme::Socks5),
    ("socks5h", Scheme::Socks5),
    ("socks4a", Scheme::Socks4a),
    ("http", Scheme::Http),
    ("https", Scheme::Https),
];

impl Scheme {
    /// The port of a URL that has none.
    fn port(self) -> u16 {
        match self {
            Self::Socks5 | Self::Socks4a => 1080,
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Proxy {
    /// Reads a URL.
    ///
    /// ```text
    /// url = scheme "://" [ user [ ":" password ] "@" ] host [ ":" port ] [ "/" ]
    /// ```
    ///
    /// | scheme | proxy | port |
    /// |---|---|---|
    /// | `socks5`, `socks5h` | [`Socks5`] | 1080 |
    /// | `socks4a` | [`Socks4a`], without a password | 1080 |
    /// | `http` | [`HttpConnect`] | 80 |
    /// | `https` | [`HttpConnect`] over TLS, with [`TlsConfig::new`](crate::TlsConfig::new) | 443 |
    ///
    /// In the user and the password `%`, `@`, `/`, `?`, `#`, `:` and spaces are percent-encoded.
    ///
    /// ```
    /// use smtp::transport::proxy::Proxy;
    ///
    /// let proxy = Proxy::from_url("socks5://me:pencil@proxy.example.com")?;
    /// assert!(matches!(proxy, Proxy::Socks5(_)));
    /// # Ok::<(), smtp::connect::ProxyUrlError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When it is no such URL, or asks for TLS and there is nothing to trust. The error shows no
    /// part of the URL.
    pub fn from_url(url: &str) -> Result<Self, ProxyUrlError> {
        let parts = parse::parts(url, &SCHEMES)?;
        if !parts.query.is_empty() {
            return Err(Problem::Query.into());
        }
        let (host, port) = (parts.host.replacen("%25", "%", 1), parts.port);
        let port = port.unwrap_or_else(|| parts.scheme.port());
        if let Scheme::Socks4a = parts.scheme {
            let proxy = Socks4a::new(host, port);
            return match parts.login {
                None => Ok(Self::Socks4a(proxy)),
                Some((user, "")) => Ok(Self::Socks4a(proxy.user(parse::decode_text(user)?))),
                Some(_) => Err(Problem::PasswordOfSocks4.into()),
            };
        }
        let login = parts.login.map(parse::user_and_password).transpose()?;
        if let Scheme::Socks5 = parts.scheme {
            let proxy = Socks5::new(host, port);
            return Ok(Self::Socks5(match login {
                Some((user, password)) => proxy.credentials(user, password),
                None => proxy,
            }));
        }
        let mut proxy = HttpConnect::new(host, port);
        if let Some((user, password)) = login {
            proxy = proxy.credentials(user, password);
        }
        if let Scheme::Https = parts.scheme {
            let tls = default_tls().map_err(|error| Problem::Tls(error.to_string()))?;
            proxy = proxy.over_tls(&tls);
        }
        Ok(Self::HttpConnect(proxy))
    }
}

impl FromStr for Proxy {
    type Err = ProxyUrlError;

    fn from_str(url: &str) -> Result<Self, ProxyUrlError> {
        Self::from_url(url)
    }
}

/// Why a text is no URL of a proxy.
///
/// No text of the URL is shown: what stands at the wrong place may be a part of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyUrlError(Problem);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Problem {
    Url(UrlError),
    Query,
    PasswordOfSocks4,
    Tls(String),
}

impl From<Problem> for ProxyUrlError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<UrlError> for ProxyUrlError {
    fn from(error: UrlError) -> Self {
        Self(Problem::Url(error))
    }
}

impl Display for ProxyUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Problem::Url(UrlError::Scheme) => {
                "the URL does not begin with socks5://, socks4a://, http:// or https://"
            }
            Problem::Url(UrlError::Host) => {
                "the URL has no host, or one that is neither a DNS name nor an IP address: write \
                 socks5://HOST:PORT or socks5://USER:PASSWORD@HOST:PORT"
            }
            Problem::Url(UrlError::NoPassword) => {
                "the URL has a user without a password: write USER:PASSWORD@HOST"
            }
            Problem::Url(error) => return Display::fmt(error, f),
            Problem::Query => "the URL has a query: leave out all from the question mark on",
            Problem::PasswordOfSocks4 => {
                "the URL has a password, and SOCKS4 has none: write socks4a://USER@HOST, or use \
                 socks5://"
            }
            Problem::Tls(error) => return write!(f, "the URL asks for TLS: {error}"),
        })
    }
}

impl std::error::Error for ProxyUrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides_about_the_protocol_and_the_port() {
        let table = [
            ("socks5://proxy.example", "Socks5", "SOCKS5 proxy proxy.example:1080"),
            ("SOCKS5h://proxy.example:9050/", "Socks5", "SOCKS5 proxy proxy.example:9050"),
            ("socks4a://me@[2001:db8::1]:1", "Socks4a", "SOCKS4 proxy [2001:db8::1]:1"),
            ("http://a:b@192.0.2.1", "HttpConnect", "HTTP proxy 192.0.2.1:80"),
            #[cfg(feature = "platform-verifier")]
            ("https://proxy.example", "HttpConnect", "HTTP proxy proxy.example:443 over TLS"),
        ];
        for (url, kind, hop) in table {
            let shown = format!("{:?}", url.parse::<Proxy>().expect(url));
            assert!(shown.starts_with(kind) && shown.contains(&format!("{hop}, by")), "{shown}");
        }
    }

    #[test]
    fn no_text_of_a_url_shows_its_password() {
        let proxy = Proxy::from_url("http://m%65:S3NT1NEL@proxy.example").expect("a proxy");
        let shown = format!("{proxy:?} {proxy:#?}");
        assert!(shown.contains("\"me\"") && !shown.contains("S3NT1NEL"), "{shown}");
        let refused = [
            ("proxy.example:1080", "does not begin with socks5://"),
            ("smtp://proxy.example", "does not begin with socks5://"),
            ("socks4://me:S3NT1NEL@proxy.example", "does not begin with socks5://"),
            ("socks5://me:S3NT1NEL@proxy.example ", "holds a space"),
            ("socks5://me:S3NT1NEL@a@proxy.example", "has a delimiter"),
            ("socks5://me:S3NT1NEL%0@proxy.example", "has a % without"),
            ("socks5://me:S3NT1NEL%00@proxy.example", "has a NUL"),
            (
                "socks5://me@proxy.example",
                "has a user without a password: write USER:PASSWORD@HOST",
            ),
            ("socks5://:S3NT1NEL@proxy.example", "has an empty user"),
            ("socks5://me:S3NT1NEL@", "has no host"),
            ("socks5://me:S3NT1NEL@::1", "needs brackets"),
            ("socks5://me:S3NT1NEL@proxy.example:0", "has a port"),
            ("socks5://me:S3NT1NEL@proxy.example/a", "has a path"),
            ("socks5://me:S3NT1NEL@proxy.example#a", "has a fragment"),
            ("socks5://me:S3NT1NEL@proxy.example?dns=local", "has a query"),
            ("socks4a://me:S3NT1NEL@proxy.example", "has a password, and SOCKS4 has none"),
        ];
        for (url, text) in refused {
            let error = Proxy::from_url(url).expect_err(url);
            let shown = error.to_string();
            assert!(shown.contains(text), "{url}: {shown}");
            assert!(!format!("{shown} {error:?}").contains("S3NT1NEL"), "{url}: {error:?}");
        }
    }
}
