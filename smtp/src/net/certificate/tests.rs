use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

use super::Fields;
use super::text::{algorithm, day, name};

/// Of `openssl x509 -req` without extensions: X.509 version 1.
const FIRST_VERSION: &str = "-----BEGIN CERTIFICATE-----
MIIBMDCB1wIULPEt51j4mA8xcy1HppqRKdPW12owCgYIKoZIzj0EAwIwGDEWMBQG
A1UEAwwNb2xkIGF1dGhvcml0eTAgFw0yNjExMjYxNjIzNDdaGA8yMTI2MTEwMjE2
MjM0N1owHDEaMBgGA1UEAwwRbWFpbC5leGFtcGxlLnRlc3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAARt0V9v0ZXzSZX97mXh5JKWhku5o/s82AIDC3oMAh9YSvXH
l3Dkvt4XgsqA5FlqeSCM0U9OSxnrLo5XiNUqJsiOMAoGCCqGSM49BAMCA0gAMEUC
IQCSfEIK5pya+ncRTCKWkr8dEzMlVfbCH6vwWz9HlSkFxgIgY51IplVaRc+0jaYT
QrMo4NWSCZaCxK9qqpuBW8OS6/E=
-----END CERTIFICATE-----";

/// Of `openssl req -x509`: an authority.
const AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIBiDCCAS2gAwIBAgIUOFspAGgZ1uW3Q5cDq2xF1sDz8C4wCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNb2xkIGF1dGhvcml0eTAgFw0yNjExMjYxNjIzNDdaGA8yMTI2
MTEwMjE2MjM0N1owGDEWMBQGA1UEAwwNb2xkIGF1dGhvcml0eTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABJcRM1jG3hRJptRZyWwbcOxkzs/bEGbLdBRwczrmIjGV
Xs9Zm9NlYPnfMG86a0dIgDVZdAq8EWr8xTo1sseQEkCjUzBRMB0GA1UdDgQWBBTy
4KhsBJw1qrrcCQ0CfdGlpzuQljAfBgNVHSMEGDAWgBTy4KhsBJw1qrrcCQ0CfdGl
pzuQljAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCzBUzXp/jR
i01G2gtM/9MEcYX0zfFd0y7IepFwKDnJ6AIhAIO/ZhsZN6mCYWZXHy7IMm8zcUVj
lym4WMFEemTrMhiI
-----END CERTIFICATE-----";

fn der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM").to_vec()
}

#[test]
fn certificates_of_openssl() {
    let first = Fields::of(&der(FIRST_VERSION)).expect("a certificate");
    assert!(first.version == 1 && !first.is_authority && !first.excludes_servers);
    assert_eq!(
        first.to_string(),
        "the server's own certificate is for no name, issued by CN=old authority, valid from \
         2026-11-26 to 2126-11-02, signed with ecdsa-with-SHA256, of X.509 version 1"
    );
    let authority = Fields::of(&der(AUTHORITY)).expect("a certificate");
    assert!(authority.version == 3 && authority.is_authority && !authority.excludes_servers);
    assert!(authority.to_string().contains("CN=old authority (itself), valid"), "{authority}");
}

/// The bytes are the server's: none of them may make the client panic.
#[test]
fn damaged_certificates() {
    for pem in [FIRST_VERSION, AUTHORITY] {
        let whole = der(pem);
        for end in 0..whole.len() {
            assert!(Fields::of(&whole[..end]).is_none(), "cut at {end}");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x1f, 0x7f, 0x80, 0x81, 0x84, 0x85, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                let shown = Fields::of(&damaged).map(|fields| fields.to_string());
                assert!(shown.is_none_or(|shown| shown.len() < 2_000));
            }
        }
    }
}

#[test]
fn parts() {
    let days = [
        ((0x17, &b"500101000000Z"[..]), Some("1950-01-01")),
        ((0x17, b"491231235959Z"), Some("2049-12-31")),
        ((0x18, b"99991231235959Z"), Some("9999-12-31")),
        ((0x18, b"9999123"), None),
        ((0x17, b"4\xff1231"), None),
        ((0x17, b"49\n231"), None),
        ((0x16, b"491231235959Z"), None),
    ];
    for (time, shown) in days {
        assert_eq!(day(time).as_deref(), shown, "{time:?}");
    }
    let algorithms: [(&[u8], &str); 5] = [
        (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00", "sha1WithRSAEncryption"),
        (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", "sha256WithRSAEncryption"),
        (b"\x06\x03\x2b\x65\x70", "ED25519"),
        (b"\x06\x03\x88\x37\x03", "2.999.3"),
        (b"\x05\x00", "an unknown algorithm"),
    ];
    for (content, shown) in algorithms {
        assert_eq!(algorithm(content), shown, "{content:?}");
    }
    // O=é as BMPString, then a country, which is not shown.
    let names = b"\x31\x0b\x30\x09\x06\x03\x55\x04\x0a\x1e\x02\x00\xe9\
                  \x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02DE";
    assert_eq!(name(names), "O=\u{e9}");
    assert_eq!(name(b""), "nameless");
}
