//! The fields of a certificate (RFC 5280 §4.1).

use std::fmt::{self, Display};

use super::der::{Elements, tag};
use super::text;

/// The fields of a certificate that an error shows.
#[derive(Debug)]
pub(in crate::net) struct Fields {
    /// 1 to 3: those before 3 have no names.
    pub(in crate::net) version: u8,
    /// It is an authority's: CA:TRUE.
    pub(in crate::net) is_authority: bool,
    /// It is for some purposes, and that of a server is none of them.
    pub(in crate::net) excludes_servers: bool,
    pub(in crate::net) algorithm: String,
    names: Option<String>,
    issuer: String,
    is_self_issued: bool,
    from: String,
    until: String,
}

impl Fields {
    /// Those of a DER text. None: it is no certificate.
    pub(in crate::net) fn of(der: &[u8]) -> Option<Self> {
        let mut certificate = Elements(der).enter(tag::SEQUENCE)?;
        let mut signed = certificate.enter(tag::SEQUENCE)?;
        let version =
            signed.enter(tag::VERSION).map(|mut version| version.content_of(tag::INTEGER));
        let version = match version {
            None => 1,
            Some(version) => version?.last()?.saturating_add(1),
        };
        signed.content_of(tag::INTEGER)?;
        let algorithm = text::algorithm(signed.content_of(tag::SEQUENCE)?);
        let issuer = signed.content_of(tag::SEQUENCE)?;
        let mut validity = signed.enter(tag::SEQUENCE)?;
        let subject = signed.content_of(tag::SEQUENCE)?;
        signed.content_of(tag::SEQUENCE)?;
        let mut fields = Self {
            version,
            is_authority: false,
            excludes_servers: false,
            algorithm,
            names: None,
            issuer: text::name(issuer),
            is_self_issued: issuer == subject,
            from: text::day(validity.next()?)?,
            until: text::day(validity.next()?)?,
        };
        let extensions = signed.find(|(kind, _)| *kind == tag::EXTENSIONS);
        let extensions = extensions.and_then(|(_, content)| Elements(content).enter(tag::SEQUENCE));
        for (_, extension) in extensions.into_iter().flatten() {
            // One that is malformed is not shown.
            let _ = fields.read_extension(Elements(extension));
        }
        Some(fields)
    }

    fn read_extension(&mut self, mut extension: Elements<'_>) -> Option<()> {
        let id = extension.content_of(tag::OBJECT_IDENTIFIER)?;
        // Whether it is critical.
        extension.content_of(tag::BOOLEAN);
        let mut content = extension.enter(tag::OCTET_STRING)?.enter(tag::SEQUENCE)?;
        match id {
            // subjectAltName
            [0x55, 0x1d, 0x11] => {
                let names: Vec<_> = content.filter_map(text::host).collect();
                self.names = text::listed(names.iter().map(String::as_str));
            }
            // basicConstraints
            [0x55, 0x1d, 0x13] => {
                self.is_authority = content.content_of(tag::BOOLEAN).is_some_and(|ca| ca != [0]);
            }
            // extKeyUsage: anyExtendedKeyUsage, serverAuth
            [0x55, 0x1d, 0x25] => {
                const ANY: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
                const SERVER: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
                self.excludes_servers = !content.any(|(_, id)| id == ANY || id == SERVER);
            }
            _ => {}
        }
        Some(())
    }
}

impl Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.names.as_deref().unwrap_or("no name");
        write!(f, "the server's own certificate is for {names}, issued by {}", self.issuer)?;
        if self.is_self_issued {
            f.write_str(" (itself)")?;
        }
        let Self { from, until, algorithm, version, .. } = self;
        write!(
            f,
            ", valid from {from} to {until}, signed with {algorithm}, of X.509 version {version}"
        )
    }
}
