use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::CertificateFields;
use super::der::Elements;
use super::text::{algorithm, day, name, public_key};

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
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).expect("base64")
}

#[test]
fn certificates_of_openssl() {
    let first = CertificateFields::from_der(&der(FIRST_VERSION)).expect("a certificate");
    assert!(first.version == 1 && !first.is_authority && !first.excludes_servers);
    assert_eq!(
        first.to_string(),
        "for no name, issued by CN=old authority, valid from \
         2026-11-26 to 2126-11-02, signed with ecdsa-with-SHA256, of X.509 version 1"
    );
    assert_eq!((&*first.subject, &*first.public_key), ("CN=mail.example.test", "EC P-256"));
    let authority = CertificateFields::from_der(&der(AUTHORITY)).expect("a certificate");
    assert!(authority.version == 3 && authority.is_authority && !authority.excludes_servers);
    assert!(authority.to_string().contains("CN=old authority (itself), valid"), "{authority}");
}

/// The bytes are the server's: none of them may make the client panic.
#[test]
fn damaged_certificates() {
    for pem in [FIRST_VERSION, AUTHORITY] {
        let whole = der(pem);
        for end in 0..whole.len() {
            assert!(CertificateFields::from_der(&whole[..end]).is_none(), "cut at {end}");
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x1f, 0x7f, 0x80, 0x81, 0x84, 0x85, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                let shown = CertificateFields::from_der(&damaged).map(|fields| fields.to_string());
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
    let rsa = |first: u8| {
        let modulus = [&[0x02, 0x82, 0x01, 0x01, 0x00, first][..], &[7; 255]].concat();
        let key = [&[0x30, 0x82, 0x01, 0x08][..], &modulus, b"\x02\x01\x03"].concat();
        let bits = [&[0x03, 0x82, 0x01, 0x0d, 0x00][..], &key].concat();
        [b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00".as_slice(), &bits].concat()
    };
    let ec = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00";
    let keys: [(Vec<u8>, &str); 9] = [
        (rsa(0xff), "RSA, 2048 bits"),
        (rsa(0x01), "RSA, 2041 bits"),
        (rsa(0xff)[..40].to_vec(), "RSA"),
        ([ec.as_slice(), b"\x22"].concat(), "EC P-384"),
        ([ec.as_slice(), b"\x23"].concat(), "EC P-521"),
        ([ec.as_slice(), b"\x0a"].concat(), "EC 1.3.132.0.10"),
        (b"\x30\x05\x06\x03\x2b\x65\x70".to_vec(), "Ed25519"),
        (b"\x30\x05\x06\x03\x2b\x65\x71".to_vec(), "Ed448"),
        (Vec::new(), "an unknown kind"),
    ];
    for (content, shown) in keys {
        assert_eq!(public_key(Elements(&content)), shown, "{content:?}");
    }
    // O=é as BMPString, then a country, which is not shown.
    let names = b"\x31\x0b\x30\x09\x06\x03\x55\x04\x0a\x1e\x02\x00\xe9\
                  \x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02DE";
    assert_eq!(name(names), "O=\u{e9}");
    assert_eq!(name(b""), "nameless");
}
