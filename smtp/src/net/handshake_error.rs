//! The words for a TLS handshake that failed, and what to do.
//!
//! rustls names the check that failed. Most of its errors are mistakes in how the server or the
//! connection was set up, so each text says what to change there.

use std::error::Error;
use std::fmt::{self, Display, Write as _};
use std::io;

use tokio_rustls::rustls::{
    AlertDescription as Alert, Error as TlsError, InvalidMessage, PeerIncompatible,
};

use super::certificate_error;
use super::tls_config::{TlsConfig, TlsVersion};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::handshake::{HandshakeError, HandshakeErrorKind as Kind};
use crate::state::Verification;
use crate::state::certificate::CertificateFields;

/// The facts of a handshake that its error depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    /// TLS was spoken from the first byte, without STARTTLS.
    pub(super) implicit: bool,
    /// The oldest version of TLS that is spoken. None: the configuration of rustls is the caller's
    /// own.
    pub(super) min_version: Option<TlsVersion>,
    /// The server is known by its certificate.
    pub(super) is_pinned: bool,
    /// The server has answered as a web server does, in clear.
    pub(super) is_web_server: bool,
    /// The host of an SRV record that the server is, where it was to be verified by another name.
    pub(super) srv_target: Option<&'a str>,
}

impl Attempt<'_> {
    pub(super) fn new(tls: &TlsConfig, implicit: bool) -> Self {
        let is_pinned = tls.verification() == Verification::Pinned;
        Self {
            implicit,
            min_version: tls.min_version(),
            is_pinned,
            is_web_server: false,
            srv_target: None,
        }
    }
}

/// The fault where bytes had come before TLS began, and a connector has read them.
#[cold]
pub(super) fn early_fault(bytes: usize, attempt: Attempt<'_>) -> Fault {
    if !attempt.implicit {
        return Fault::Protocol(ProtocolError::InjectedBeforeTls);
    }
    let text = format!("{bytes} bytes came before the first message of the TLS handshake");
    let source = io::Error::new(io::ErrorKind::InvalidData, text);
    Fault::Handshake(HandshakeError::new(Kind::ClearText, CLEAR_TEXT.to_owned(), source.into()))
}

/// Tells a handshake that failed from one that was cut. The errors of rustls are about what the
/// server sent or who it is, and trying again does not mend them. All others come from the stream,
/// and an end of the communication may pass (RFC 5321 §3.8).
///
/// `certificate` is the server's own, where it is the reason.
pub(super) fn handshake_fault(
    error: io::Error,
    attempt: Attempt<'_>,
    certificate: Option<Box<[u8]>>,
) -> Fault {
    let (kind, mut reason) = match tls_error(&error) {
        Some(TlsError::InvalidCertificate(error)) => {
            let fields = certificate.as_deref().and_then(CertificateFields::from_der);
            certificate_error::explain(error, attempt.is_pinned, fields.as_ref())
        }
        Some(error) => explain(error, attempt),
        // A few of rustls's own are no `rustls::Error`: a message longer than its buffer.
        None if error.kind() == io::ErrorKind::InvalidData => (Kind::Other, error.to_string()),
        None => return Fault::Io(cut(error)),
    };
    if let (Kind::WrongName, Some(target)) = (kind, attempt.srv_target) {
        // Writing to a `String` does not fail.
        let _ = write!(
            reason,
            "; the domain that was asked for is checked, not the name in its SRV record: if you \
             know that {target} is its server, use `Submission::accept_target({target:?})`"
        );
    }
    let error = HandshakeError::new(kind, reason, into_source(error));
    Fault::Handshake(error.with_certificate(certificate))
}

/// The fault where reading failed. In TLS 1.3 a server looks at the client's certificate after
/// the client is done with the handshake, so that its alert is read like a reply.
#[cold]
pub(super) fn read_fault(error: io::Error) -> Fault {
    let reason = match tls_error(&error) {
        Some(TlsError::AlertReceived(alert)) => client_certificate(*alert),
        _ => None,
    };
    match reason {
        Some(reason) => {
            let kind = Kind::ClientCertificate;
            Fault::Handshake(HandshakeError::new(kind, reason, into_source(error)))
        }
        None => Fault::Io(error),
    }
}

fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// The error of rustls itself, so that a caller finds it where errors keep their sources.
fn into_source(error: io::Error) -> Box<dyn Error + Send + Sync> {
    let plain = error.kind();
    error.into_inner().unwrap_or_else(|| Box::new(io::Error::from(plain)))
}

const CLEAR_TEXT: &str = "the server speaks clear text at this port: use STARTTLS (leave out \
                          `Submission::implicit_tls`, or call `Connection::connect` and then \
                          `starttls`)";

/// Whether the bytes that came were no TLS.
pub(super) fn is_clear_text(fault: &Fault) -> bool {
    let Fault::Handshake(error) = fault else { return false };
    let source = Error::source(error).and_then(<dyn Error>::downcast_ref);
    matches!(source, Some(TlsError::InvalidMessage(InvalidMessage::InvalidContentType)))
}

fn explain(error: &TlsError, attempt: Attempt<'_>) -> (Kind, String) {
    match error {
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType)
            if attempt.implicit && attempt.is_web_server =>
        {
            (
                Kind::ClearText,
                "a web server answers at this port, in clear text: connect to a port of a mail \
                 server (465 for TLS from the first byte, 587 for STARTTLS)"
                    .to_owned(),
            )
        }
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) if attempt.implicit => (
            Kind::ClearText,
            CLEAR_TEXT.to_owned(),
        ),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => (
            Kind::Other,
            "the server went on in clear text after its reply to STARTTLS, where TLS begins"
                .to_owned(),
        ),
        TlsError::AlertReceived(Alert::ProtocolVersion)
        | TlsError::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => (Kind::Version, version(attempt)),
        TlsError::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => (
            Kind::NothingInCommon,
            "the server accepts no cipher suite, key exchange or signature algorithm that this \
             client offers, or wants a client certificate: have current ones enabled on the \
             server, or give it a certificate with `TlsConfig::builder().client_certificate_pem(..)`"
                .to_owned(),
        ),
        TlsError::PeerIncompatible(incompatible) => (
            Kind::NothingInCommon,
            format!(
                "the server and this client have too little in common ({incompatible:?}): have \
                 current cipher suites, key exchanges and signature algorithms enabled on the \
                 server"
            ),
        ),
        TlsError::AlertReceived(Alert::UnrecognisedName) => (
            Kind::WrongName,
            "the server has no certificate for the name that it was asked for: connect to it by \
             a name of its own"
                .to_owned(),
        ),
        TlsError::AlertReceived(alert) => match client_certificate(*alert) {
            Some(reason) => (Kind::ClientCertificate, reason),
            None => (Kind::Other, error.to_string()),
        },
        TlsError::NoCertificatesPresented => {
            (Kind::BadCertificate, "the server shows no certificate".to_owned())
        }
        _ => (Kind::Other, error.to_string()),
    }
}

fn version(attempt: Attempt<'_>) -> String {
    match attempt.min_version {
        None => {
            "the server offers no version of TLS that the given configuration of rustls takes: \
             have a later one enabled on the server, or allow more in the configuration"
        }
        Some(TlsVersion::Tls12) => {
            "the server offers no TLS 1.2 or later, and nothing older is safe (RFC 8996): have TLS \
             1.2 or 1.3 enabled on the server"
        }
        Some(TlsVersion::Tls13) => {
            "the server offers no TLS 1.3, and `TlsConfigBuilder::min_version` asks for it: have \
             it enabled on the server, or take TLS 1.2 too"
        }
    }
    .to_owned()
}

/// The words for an alert about the client's certificate.
fn client_certificate(alert: Alert) -> Option<String> {
    match alert {
        Alert::CertificateRequired => Some(
            "the server wants a client certificate: give one with \
             `TlsConfig::builder().client_certificate_pem(..)`"
                .to_owned(),
        ),
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => Some(format!(
            "the server does not accept the client certificate, or that there is none ({alert:?}): \
             give one that the server trusts with `TlsConfig::builder().client_certificate_pem(..)`"
        )),
        _ => None,
    }
}

/// An error, and where it happened.
#[derive(Debug)]
struct Cut(io::Error);

fn cut(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), Cut(error))
}

impl Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the connection ended in the middle of the TLS handshake", self.0)
    }
}

impl Error for Cut {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio_rustls::rustls::pki_types::{ServerName, UnixTime};
    use tokio_rustls::rustls::{CertificateError, OtherError, PeerMisbehaved};

    use super::*;
    use crate::error::Blame;
    use crate::error::lost::Lost;

    const STARTTLS: Attempt<'_> = Attempt {
        srv_target: None,
        implicit: false,
        min_version: Some(TlsVersion::Tls12),
        is_pinned: false,
        is_web_server: false,
    };
    const IMPLICIT: Attempt<'_> = Attempt { implicit: true, ..STARTTLS };

    fn of_tls(error: impl Into<TlsError>) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error.into())
    }

    #[test]
    fn a_handshake_that_was_cut_is_told_from_one_that_failed() {
        use io::ErrorKind as Io;
        let table = [
            ("the end of the stream", io::Error::new(Io::UnexpectedEof, "tls handshake eof"), true),
            ("a reset", Io::ConnectionReset.into(), true),
            ("a broken pipe", Io::BrokenPipe.into(), true),
            ("aborted", Io::ConnectionAborted.into(), true),
            ("no answer", Io::TimedOut.into(), true),
            ("a proxy's own error", io::Error::other("the tunnel is gone"), true),
            ("an unknown code", io::Error::from_raw_os_error(9999), true),
            ("an issuer", of_tls(CertificateError::UnknownIssuer), false),
            ("a name", of_tls(CertificateError::NotValidForName), false),
            ("a date", of_tls(CertificateError::Expired), false),
            ("no TLS", of_tls(InvalidMessage::InvalidContentType), false),
            ("an alert", of_tls(TlsError::AlertReceived(Alert::HandshakeFailure)), false),
            ("a protocol error", of_tls(PeerMisbehaved::TooMuchEarlyDataReceived), false),
            ("a setting", io::Error::other(TlsError::EncryptError), false),
            ("a long message", io::Error::new(Io::InvalidData, "message buffer full"), false),
        ];
        for (name, error, is_cut) in table {
            let (text, kind) = (error.to_string(), error.kind());
            let is_of_tls = tls_error(&error).is_some();
            let fault = handshake_fault(error, STARTTLS, None);
            match &fault {
                Fault::Io(shown) => {
                    assert!(shown.to_string().starts_with(&text), "{name}: {shown}");
                    let source = shown.get_ref().and_then(Error::source).expect("the stream's");
                    assert_eq!(source.to_string(), text, "{name}");
                    assert_eq!(shown.kind(), kind, "{name}");
                }
                Fault::Handshake(shown) => {
                    let source = shown.source().expect("what the TLS library said");
                    assert_eq!(source.is::<TlsError>(), is_of_tls, "{name}");
                    assert_eq!(source.to_string(), text, "{name}");
                }
                other => panic!("{name}: {other}"),
            }
            assert_eq!(matches!(fault, Fault::Io(_)), is_cut, "{name}: {fault}");
            let lost = Lost::new(fault, None);
            assert_eq!(lost.is_transient(), is_cut, "{name}");
            assert_eq!(lost.blame(), if is_cut { Blame::Network } else { Blame::Server }, "{name}");
        }
    }

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    /// Those that no server of a test gives rise to.
    #[test]
    fn each_kind_has_its_words() {
        let custom = Attempt { min_version: None, ..STARTTLS };
        let expected = ServerName::try_from("mail.example.com").expect("a name");
        let presented = (1..8).map(|n| format!("DnsName(\"{n}.example.com\")")).collect();
        let many = CertificateError::NotValidForNameContext { expected, presented };
        let (time, not_before) = (at(1_709_164_800), at(4_102_444_800));
        let early = CertificateError::NotValidYetContext { time, not_before };
        let authority = CertificateError::Other(OtherError(Arc::from(Box::from("Other"))));
        let table: Vec<(Attempt<'_>, TlsError, Kind, &str)> = vec![
            (
                STARTTLS,
                InvalidMessage::InvalidContentType.into(),
                Kind::Other,
                "after its reply to STARTTLS",
            ),
            (IMPLICIT, InvalidMessage::InvalidCcs.into(), Kind::Other, "InvalidCcs"),
            (
                custom,
                PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into(),
                Kind::Version,
                "no version of TLS that the given configuration of rustls takes",
            ),
            (
                IMPLICIT,
                TlsError::AlertReceived(Alert::UnrecognisedName),
                Kind::WrongName,
                "no certificate for the name",
            ),
            (
                IMPLICIT,
                TlsError::AlertReceived(Alert::InsufficientSecurity),
                Kind::NothingInCommon,
                "the server accepts no cipher suite",
            ),
            (IMPLICIT, CertificateError::InvalidPurpose.into(), Kind::BadCertificate, "serverAuth"),
            (
                IMPLICIT,
                PeerIncompatible::NoCipherSuitesInCommon.into(),
                Kind::NothingInCommon,
                "too little in common (NoCipherSuitesInCommon)",
            ),
            (
                IMPLICIT,
                many.into(),
                Kind::WrongName,
                "the server's certificate is for 1.example.com, 2.example.com, 3.example.com, \
                 4.example.com, 5.example.com and 2 more, and not for mail.example.com",
            ),
            (
                IMPLICIT,
                early.into(),
                Kind::NotYetValid,
                "not valid before 2100-01-01, and here it is 2024-02-29",
            ),
            (IMPLICIT, CertificateError::NotValidYet.into(), Kind::NotYetValid, "not valid yet"),
            (IMPLICIT, CertificateError::Expired.into(), Kind::Expired, "chain expired: it"),
            (IMPLICIT, CertificateError::Revoked.into(), Kind::Revoked, "was revoked"),
            (IMPLICIT, CertificateError::BadSignature.into(), Kind::BadCertificate, "new root"),
            (IMPLICIT, authority.into(), Kind::BadCertificate, "is not accepted: Other"),
            (IMPLICIT, TlsError::NoCertificatesPresented, Kind::BadCertificate, "no certificate"),
            (IMPLICIT, TlsError::DecryptError, Kind::Other, "decrypt"),
            (
                IMPLICIT,
                TlsError::AlertReceived(Alert::UnknownCA),
                Kind::ClientCertificate,
                "does not accept the client certificate",
            ),
        ];
        for (attempt, error, kind, text) in table {
            let fault = handshake_fault(of_tls(error.clone()), attempt, None);
            let Fault::Handshake(shown) = fault else {
                panic!("{error:?}: {fault:?}");
            };
            assert_eq!(shown.kind(), kind, "{error:?}");
            assert!(shown.to_string().contains(text), "{error:?}: {shown}");
        }
    }
}
