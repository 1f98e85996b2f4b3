//! Fingerprints: SHA-256 of a certificate or of its public key.

use std::fmt::{self, Debug, Display};

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::hash::{Hash, HashAlgorithm};

use super::error::TlsConfigError;

/// The length of SHA-256 in bytes.
const LENGTH: usize = 32;

/// SHA-256 of something.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; LENGTH]);

impl Fingerprint {
    /// Reads 64 hexadecimal digits, which colons may separate, or base64. A label may stand before
    /// them, as in `sha256 Fingerprint=AB:CD:..` of openssl and `sha256//..` of curl.
    pub(super) fn parse(text: &str) -> Result<Self, TlsConfigError> {
        let text = text.trim();
        let plain = text.strip_prefix("sha256//").unwrap_or(text);
        let after_label = plain.split_once('=').map_or("", |(_, value)| value.trim());
        [plain, after_label]
            .into_iter()
            .find_map(|text| hexadecimal(text).or_else(|| base64(text)))
            .map(Self)
            .ok_or_else(|| {
                let shown: String = text.escape_debug().take(100).collect();
                TlsConfigError::new(format!(
                    "{shown:?} is no SHA-256 to pin: it is 64 hexadecimal digits, with or without \
                     colons, or base64"
                ))
            })
    }
}

fn hexadecimal(text: &str) -> Option<[u8; LENGTH]> {
    let digits: Vec<u8> = if text.contains(':') {
        let pairs = text.split(':');
        pairs.map(|pair| (pair.len() == 2).then_some(pair)).collect::<Option<Vec<_>>>()?.concat()
    } else {
        text.to_owned()
    }
    .chars()
    .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
    .collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |a, b| a << 4 | b)).collect();
    if digits.len() == 2 * LENGTH { bytes.try_into().ok() } else { None }
}

fn base64(text: &str) -> Option<[u8; LENGTH]> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    engine.decode(text).ok()?.try_into().ok()
}

impl Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// SHA-256 of the provider.
pub(super) struct Sha256(&'static dyn Hash);

impl Sha256 {
    /// That of a cipher suite: TLS has had it in each version from 1.2 on.
    pub(super) fn of(provider: &CryptoProvider) -> Result<Self, TlsConfigError> {
        use tokio_rustls::rustls::SupportedCipherSuite as Suite;
        let mut hashes = provider.cipher_suites.iter().map(|suite| match suite {
            Suite::Tls12(suite) => suite.common.hash_provider,
            Suite::Tls13(suite) => suite.common.hash_provider,
        });
        hashes
            .find(|hash| hash.algorithm() == HashAlgorithm::SHA256)
            .map(Self)
            .ok_or_else(|| TlsConfigError::new("the provider of cryptography has no SHA-256"))
    }

    pub(super) fn hash(&self, bytes: &[u8]) -> Option<Fingerprint> {
        self.0.hash(bytes).as_ref().try_into().ok().map(Fingerprint)
    }
}

impl Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_fingerprint() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let pairs: Vec<_> = hex.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
        let colons = pairs.join(":");
        let base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        for text in [
            hex.to_owned(),
            hex.to_uppercase(),
            format!(" {hex}\n"),
            colons.clone(),
            format!("sha256 Fingerprint={}", colons.to_uppercase()),
            format!("SHA2-256(stdin)= {hex}"),
            base64.to_owned(),
            format!("{base64}="),
            format!("sha256//{base64}="),
        ] {
            assert_eq!(Fingerprint::parse(&text).expect(&text).to_string(), hex, "{text}");
        }
        for text in [
            "",
            "e3b0",
            &hex[1..],
            &format!("{hex}00"),
            &hex.replacen('e', "g", 1),
            &format!("+{}", &hex[1..]),
            &colons[3..],
            &colons.replacen(':', "", 1),
            &colons.replacen("e3:b0", "e:3b0", 1),
            &base64[1..],
            &format!("{base64}=="),
            "sha1//2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
        ] {
            let error = Fingerprint::parse(text).expect_err(text).to_string();
            assert!(error.contains("64 hexadecimal digits"), "{error}");
        }
    }

    #[test]
    fn sha256_of_the_provider() {
        let provider = super::super::provider::provider();
        let hash = Sha256::of(&provider).expect("SHA-256").hash(b"").expect("32 bytes");
        // FIPS 180-4, of the empty text.
        assert_eq!(
            hash.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
