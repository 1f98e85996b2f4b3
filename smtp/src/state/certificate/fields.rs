//! The fields of a certificate (RFC 5280 §4.1).

use std::fmt::{self, Display};

use super::der::{Elements, tag};
use super::text;

/// The fields of an X.509 certificate that a person asks for (RFC 5280 §4.1). As text it is one
/// line.
///
/// They are read from the DER text of [`PeerCertificates`](super::super::PeerCertificates) or of a
/// [`HandshakeError`](crate::error::HandshakeError), and nothing is verified by that. Names are the
/// certificate's own text: control characters are escaped, and each name is cut after 80
/// characters.
///
/// ```
/// use smtp::state::{CertificateFields, Security};
///
/// fn days(security: &Security) -> Option<String> {
///     let fields = CertificateFields::from_der(security.peer_certificates.leaf()?)?;
///     Some(format!("{} to {}", fields.not_before, fields.not_after))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateFields {
    /// The version of X.509, from 1 on. Those before 3 have no names.
    pub version: u8,
    /// The hosts that it is for: the DNS names and IP addresses of its subjectAltName.
    pub names: Vec<String>,
    /// Its subject: common name, organisation and unit, such as `CN=mail.example.com, O=Example`.
    pub subject: String,
    /// The authority that has signed it, in the same form.
    pub issuer: String,
    /// Whether issuer and subject are the same: it is self-signed, or a root.
    pub is_self_issued: bool,
    /// Whether it is an authority's (CA:TRUE).
    pub is_authority: bool,
    /// The first day on which it is valid, in UTC, such as `2026-11-26`.
    pub not_before: String,
    /// The last day on which it is valid, in UTC.
    pub not_after: String,
    /// The algorithm of its signature, as openssl prints it, such as `ecdsa-with-SHA256`.
    pub signature_algorithm: String,
    /// The kind of its public key, with the size or the curve, such as `RSA, 2048 bits` or
    /// `EC P-256`.
    pub public_key: String,
    /// It is for some purposes, and that of a server is none of them.
    pub(crate) excludes_servers: bool,
}

impl CertificateFields {
    /// The fields of a certificate in DER. None: it is no certificate.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let mut certificate = Elements(der).enter(tag::SEQUENCE)?;
        let mut signed = certificate.enter(tag::SEQUENCE)?;
        let version =
            signed.enter(tag::VERSION).map(|mut version| version.content_of(tag::INTEGER));
        let version = match version {
            None => 1,
            Some(version) => version?.last()?.saturating_add(1),
        };
        signed.content_of(tag::INTEGER)?;
        let signature_algorithm = text::algorithm(signed.content_of(tag::SEQUENCE)?);
        let issuer = signed.content_of(tag::SEQUENCE)?;
        let mut validity = signed.enter(tag::SEQUENCE)?;
        let subject = signed.content_of(tag::SEQUENCE)?;
        let key = signed.enter(tag::SEQUENCE)?;
        let mut fields = Self {
            version,
            names: Vec::new(),
            subject: text::name(subject),
            issuer: text::name(issuer),
            is_self_issued: issuer == subject,
            is_authority: false,
            not_before: text::day(validity.next()?)?,
            not_after: text::day(validity.next()?)?,
            signature_algorithm,
            public_key: text::public_key(key),
            excludes_servers: false,
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
                let names = content.filter_map(text::host);
                self.names = names.map(|name| text::escaped(&name)).collect();
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

impl Display for CertificateFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = text::joined(&self.names).unwrap_or_else(|| "no name".to_owned());
        write!(f, "for {names}, issued by {}", self.issuer)?;
        if self.is_self_issued {
            f.write_str(" (itself)")?;
        }
        let Self { not_before, not_after, signature_algorithm, version, .. } = self;
        write!(
            f,
            ", valid from {not_before} to {not_after}, signed with {signature_algorithm}, of X.509 \
             version {version}"
        )
    }
}
