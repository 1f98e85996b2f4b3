//! The words for a certificate of the server's that is not accepted, and what to do.

use std::fmt::{self, Display};

use tokio_rustls::rustls::CertificateError;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use tokio_rustls::rustls::OtherError;
use tokio_rustls::rustls::pki_types::UnixTime;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use super::tls_config::NotPinned;
use crate::proto::handshake::HandshakeErrorKind as Kind;
use crate::state::certificate::{CertificateFields, algorithm, listed};

/// The kind of an error, what to do, and the certificate as far as it is known.
pub(super) fn explain(
    error: &CertificateError,
    is_pinned: bool,
    certificate: Option<&CertificateFields>,
) -> (Kind, String) {
    let (kind, reason) = advise(error, is_pinned, certificate);
    match certificate {
        Some(certificate) => {
            (kind, format!("{reason} (the server's own certificate is {certificate})"))
        }
        None => (kind, reason),
    }
}

fn advise(
    error: &CertificateError,
    is_pinned: bool,
    certificate: Option<&CertificateFields>,
) -> (Kind, String) {
    use CertificateError as E;
    match error {
        #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
        E::Other(OtherError(error)) if error.is::<NotPinned>() => (
            Kind::NotPinned,
            format!(
                "{error}: if its owner confirms that the server has a new certificate, pin that one"
            ),
        ),
        E::BadSignature if is_pinned => (
            Kind::BadCertificate,
            "the server shows the certificate that is pinned, and does not hold its key: another \
             server may answer in its place"
                .to_owned(),
        ),
        E::BadSignature => (
            Kind::BadCertificate,
            "a signature of the server's does not verify: an authority of the issuer's name is \
             trusted here and has another key (name its new root with \
             `TlsConfig::builder().root_pem(..)`), or the server does not hold the key of its own \
             certificate"
                .to_owned(),
        ),
        E::NotValidForNameContext { expected, presented } => (
            Kind::WrongName,
            format!(
                "the server's certificate is for {}, and not for {}: connect to the server by a \
                 name that its certificate is for",
                names(presented),
                expected.to_str(),
            ),
        ),
        E::NotValidForName => (
            Kind::WrongName,
            "the server's certificate is for another name: connect to the server by a name that \
             its certificate is for"
                .to_owned(),
        ),
        E::ExpiredContext { time, not_after } => (
            Kind::Expired,
            expired(&format!(" on {}, and here it is {}", Day(not_after), Day(time))),
        ),
        E::Expired => (Kind::Expired, expired("")),
        E::NotValidYetContext { time, not_before } => (
            Kind::NotYetValid,
            not_yet_valid(&format!(" before {}, and here it is {}", Day(not_before), Day(time))),
        ),
        E::NotValidYet => (Kind::NotYetValid, not_yet_valid(" yet")),
        E::Revoked => (
            Kind::Revoked,
            "a certificate in the server's chain was revoked: the server needs a new one"
                .to_owned(),
        ),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => purpose(),
        E::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => (
            Kind::BadCertificate,
            format!(
                "a certificate in the server's chain is signed with {}, which is not safe or not \
                 known here: have it issued with SHA-256",
                algorithm(signature_algorithm_id),
            ),
        ),
        E::UnknownIssuer | E::BadEncoding | E::Other(_) => by_its_fields(error, certificate),
        error => {
            (Kind::BadCertificate, format!("the server's certificate is not accepted: {error}"))
        }
    }
}

/// The reasons that verifiers name differently, or not at all: they are seen in the certificate.
fn by_its_fields(
    error: &CertificateError,
    certificate: Option<&CertificateFields>,
) -> (Kind, String) {
    match certificate {
        Some(fields) if fields.is_authority => (
            Kind::AuthorityCertificate,
            "the server shows an authority's certificate (CA:TRUE, as `openssl req -x509` makes \
             it) as its own: trust it alone with `TlsConfig::builder().pin_certificate_pem(..)`, \
             or give the server one that this authority has signed and name the authority as a \
             root with `root_pem(..)`"
                .to_owned(),
        ),
        Some(fields) if fields.version < 3 => (
            Kind::BadCertificate,
            format!(
                "the server's certificate is of X.509 version {}, which has no names: have one of \
                 version 3 issued, with a subjectAltName",
                fields.version,
            ),
        ),
        Some(fields) if fields.excludes_servers => purpose(),
        _ if matches!(error, CertificateError::UnknownIssuer) => unknown_issuer(),
        _ => (Kind::BadCertificate, format!("the server's certificate is not accepted: {error}")),
    }
}

fn unknown_issuer() -> (Kind, String) {
    (
        Kind::UnknownIssuer,
        "no authority that is trusted here has issued the server's certificate: if it is from a \
         private authority, name that one with `TlsConfig::builder().root_pem(..)`; if it is \
         self-signed, trust it alone with `pin_certificate_pem(..)`"
            .to_owned(),
    )
}

fn purpose() -> (Kind, String) {
    (
        Kind::BadCertificate,
        "the server's certificate is for another purpose than that of a server: have it issued \
         with the extended key usage serverAuth"
            .to_owned(),
    )
}

fn expired(when: &str) -> String {
    format!(
        "a certificate in the server's chain expired{when}: it must be renewed, or the clock of \
         this machine is wrong"
    )
}

fn not_yet_valid(when: &str) -> String {
    format!(
        "a certificate in the server's chain is not valid{when}: the clock of this machine is \
         wrong, or that of its issuer"
    )
}

/// The names of a certificate, which webpki shows as `DnsName("mail.example.com")`. They are the
/// server's own text.
fn names(presented: &[String]) -> String {
    let plain = |name: &'_ String| -> String {
        name.split_once('(')
            .and_then(|(_, rest)| rest.strip_suffix(')'))
            .map_or(name.as_str(), |rest| rest.trim_matches('"'))
            .to_owned()
    };
    let names: Vec<_> = presented.iter().map(plain).collect();
    listed(names.iter().map(String::as_str))
        .unwrap_or_else(|| "no name (it has no subjectAltName; CN is none)".to_owned())
}

/// The date of a moment, in UTC.
struct Day<'a>(&'a UnixTime);

impl Display for Day<'_> {
    /// The Gregorian calendar repeats after 400 years, and a year that begins in March ends with
    /// its leap day.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const ERA: u64 = 146_097;
        // Days since March 1 of the year 0.
        let days = self.0.as_secs() / 86_400 + 719_468;
        let (era, day) = (days / ERA, days % ERA);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        write!(f, "{:04}-{month:02}-{day:02}", era * 400 + year + next)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_of_a_certificate_are_the_servers_text() {
        let shown = names(&["DnsName(\"a\r\nb\u{1b}\u{202e}\")".to_owned(), "x".repeat(300)]);
        assert_eq!(shown, format!("a\\r\\nb\\u{{1b}}\\u{{202e}}, {}", "x".repeat(80)));
        assert_eq!(names(&["IpAddress(192.0.2.1)".to_owned()]), "192.0.2.1");
        assert_eq!(names(&[]), "no name (it has no subjectAltName; CN is none)");
    }

    #[test]
    fn dates() {
        let table = [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_735_689_599, "2024-12-31"),
            (4_107_542_400, "2100-03-01"),
            (253_402_300_799, "9999-12-31"),
        ];
        for (seconds, date) in table {
            assert_eq!(
                Day(&UnixTime::since_unix_epoch(Duration::from_secs(seconds))).to_string(),
                date
            );
        }
    }
}
