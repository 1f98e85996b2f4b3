//! The channel binding `tls-server-end-point`: a hash of the server's certificate (RFC 5929 §4.1).
//!
//! > The hash function is that of the certificate's signature algorithm; where that is MD5 or
//! > SHA-1, it is SHA-256. Where the algorithm has no single hash function, there is no binding.

use sha2::{Digest as _, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::{AnyRef, ContextSpecific};
use x509_cert::der::{Decode as _, Reader as _, SliceReader, TagNumber};
use x509_cert::spki::AlgorithmIdentifierRef;

use crate::error::mechanism::MechanismError;

/// A hash function of some bytes.
type Hash = fn(&[u8]) -> Vec<u8>;

const SHA_224: Hash = |bytes| Sha224::digest(bytes).to_vec();
const SHA_256: Hash = |bytes| Sha256::digest(bytes).to_vec();
const SHA_384: Hash = |bytes| Sha384::digest(bytes).to_vec();
const SHA_512: Hash = |bytes| Sha512::digest(bytes).to_vec();
const SHA_512_224: Hash = |bytes| Sha512_224::digest(bytes).to_vec();
const SHA_512_256: Hash = |bytes| Sha512_256::digest(bytes).to_vec();

/// The hash functions of signature algorithms (RFC 3279 §2.2, RFC 5758 §3, RFC 8017 App. C).
const OF_SIGNATURES: &[(&str, Hash)] = &[
    ("1.2.840.113549.1.1.4", SHA_256), // md5WithRSAEncryption
    ("1.2.840.113549.1.1.5", SHA_256), // sha1WithRSAEncryption
    ("1.2.840.10040.4.3", SHA_256),    // id-dsa-with-sha1
    ("1.2.840.10045.4.1", SHA_256),    // ecdsa-with-SHA1
    ("1.2.840.113549.1.1.14", SHA_224),
    ("1.2.840.113549.1.1.11", SHA_256),
    ("1.2.840.113549.1.1.12", SHA_384),
    ("1.2.840.113549.1.1.13", SHA_512),
    ("1.2.840.113549.1.1.15", SHA_512_224),
    ("1.2.840.113549.1.1.16", SHA_512_256),
    ("1.2.840.10045.4.3.1", SHA_224), // ecdsa-with-SHA224, and so on
    ("1.2.840.10045.4.3.2", SHA_256),
    ("1.2.840.10045.4.3.3", SHA_384),
    ("1.2.840.10045.4.3.4", SHA_512),
    ("2.16.840.1.101.3.4.3.1", SHA_224), // id-dsa-with-sha224, and so on
    ("2.16.840.1.101.3.4.3.2", SHA_256),
    ("2.16.840.1.101.3.4.3.3", SHA_384),
    ("2.16.840.1.101.3.4.3.4", SHA_512),
];

/// RSASSA-PSS, which names its hash functions in its parameters (RFC 4055 §3.1).
const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";

/// The hash functions that RSASSA-PSS may name (RFC 4055 §2.1).
const OF_PARAMETERS: &[(&str, Hash)] = &[
    (SHA_1, SHA_256),
    ("2.16.840.1.101.3.4.2.1", SHA_256),
    ("2.16.840.1.101.3.4.2.2", SHA_384),
    ("2.16.840.1.101.3.4.2.3", SHA_512),
    ("2.16.840.1.101.3.4.2.4", SHA_224),
    ("2.16.840.1.101.3.4.2.5", SHA_512_224),
    ("2.16.840.1.101.3.4.2.6", SHA_512_256),
];

/// The default of both parameters (RFC 4055 §3.1).
const SHA_1: &str = "1.3.14.3.2.26";

/// The hash of this certificate, DER.
pub(super) fn of(certificate: &[u8]) -> Result<Vec<u8>, MechanismError> {
    // Only the signature algorithm is read: the TLS library has judged the rest.
    let parsed = CertificateInner::<Raw>::from_der(certificate)
        .map_err(|_| MechanismError::new("the server's certificate cannot be read"))?;
    let algorithm = parsed.signature_algorithm();
    let name = algorithm.oid.to_string();
    let hash = if name == RSASSA_PSS {
        let parameters = algorithm.parameters.as_ref().map(AnyRef::from);
        of_pss(parameters.map_or(&[][..], |any| any.value()))
    } else {
        find(OF_SIGNATURES, &name)
    };
    match hash {
        Some(hash) => Ok(hash(certificate)),
        None => Err(MechanismError::new(format!(
            "the server's certificate has no channel binding `tls-server-end-point`: its signature \
             algorithm {name} has no single hash function"
        ))),
    }
}

/// ```text
/// RSASSA-PSS-params ::= SEQUENCE {                              ; RFC 4055 §3.1
///     hashAlgorithm    [0] HashAlgorithm DEFAULT sha1Identifier,
///     maskGenAlgorithm [1] MaskGenAlgorithm DEFAULT mgf1SHA1Identifier, … }
/// ```
///
/// None where they cannot be read, or are two hash functions.
fn of_pss(parameters: &[u8]) -> Option<Hash> {
    let mut reader = SliceReader::new(parameters).ok()?;
    let hash = parameter(&mut reader, TagNumber(0))?;
    let mask = parameter(&mut reader, TagNumber(1))?;
    let hash = hash.map_or_else(|| SHA_1.to_owned(), |hash| hash.oid.to_string());
    let mask = match mask {
        None => SHA_1.to_owned(),
        Some(mask) => {
            let of_mask = mask.parameters?.decode_as::<AlgorithmIdentifierRef<'_>>().ok()?;
            of_mask.oid.to_string()
        }
    };
    if hash == mask { find(OF_PARAMETERS, &hash) } else { None }
}

/// A parameter, if it is there; none where it cannot be read.
// Absent, present, unreadable are three results.
#[allow(clippy::option_option)]
fn parameter<'a>(
    reader: &mut SliceReader<'a>,
    number: TagNumber,
) -> Option<Option<AlgorithmIdentifierRef<'a>>> {
    if reader.is_finished() {
        return Some(None);
    }
    let field = ContextSpecific::<AlgorithmIdentifierRef<'a>>::decode_explicit(reader, number);
    field.ok().map(|field| field.map(|field| field.value))
}

fn find(table: &[(&str, Hash)], name: &str) -> Option<Hash> {
    table.iter().find(|(known, _)| *known == name).map(|(_, hash)| *hash)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// Certificates that `openssl req -x509` has made, with the hashes that `openssl dgst` gives.
    const CERTIFICATES: &str = include_str!("end_point/certificates.txt");

    #[test]
    fn a_certificate_is_hashed_as_it_was_signed() {
        let mut seen = 0;
        for line in CERTIFICATES.lines() {
            let mut fields = line.split(' ');
            let mut next = || fields.next().expect("three fields");
            let (name, expected, certificate) = (next(), next(), next());
            let certificate = STANDARD.decode(certificate).expect("base64");
            match of(&certificate) {
                Ok(hash) => {
                    let hex = hash.iter().fold(String::new(), |mut hex, byte| {
                        let _ = write!(hex, "{byte:02x}");
                        hex
                    });
                    assert_eq!(hex, expected, "{name}");
                }
                Err(error) => {
                    assert_eq!(expected, "-", "{name}: {error}");
                    assert!(error.to_string().contains("no single hash function"), "{error}");
                }
            }
            seen += 1;
        }
        assert_eq!(seen, 11);
    }

    #[test]
    fn bytes_that_are_no_certificate_are_an_error() {
        let whole = CERTIFICATES.lines().next().and_then(|line| line.split(' ').nth(2));
        let whole = STANDARD.decode(whole.expect("a certificate")).expect("base64");
        for length in [0, 1, 40, whole.len() - 1] {
            let error = of(&whole[..length]).expect_err("cut off");
            assert!(error.to_string().contains("cannot be read"), "{error}");
        }
    }

    #[test]
    fn each_algorithm_has_the_hash_that_its_signature_uses() {
        let lengths: Vec<usize> = OF_SIGNATURES.iter().map(|(_, hash)| hash(b"").len()).collect();
        assert_eq!(
            lengths,
            [32, 32, 32, 32, 28, 32, 48, 64, 28, 32, 28, 32, 48, 64, 28, 32, 48, 64]
        );
    }
}
