//! Domain names. Each is kept in A-labels, which every server understands, and as the user wrote
//! it.

use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::error::{ControlCharacter, SyntaxError};

const WHAT: &str = "domain";

/// A domain name, the usual part of an address after the `@`.
///
/// ```text
/// Domain     = sub-domain *("." sub-domain)      ; RFC 5321 §4.1.2, at most 255 bytes (§4.5.3.1.2)
/// sub-domain = Let-dig [Ldh-str] / U-label       ; RFC 6531 §3.3, at most 63 bytes (RFC 1035 §2.3.4)
/// ```
///
/// A name with U-labels is turned into A-labels, which every server understands; both are kept.
/// Equality ignores case.
///
/// ```
/// use smtp_grammar::Domain;
///
/// let domain = "mx-1.Example.org".parse::<Domain>().unwrap();
/// assert_eq!(domain, "mx-1.example.org".parse().unwrap());
/// let error = "mx_1.example.org".parse::<Domain>().unwrap_err();
/// assert_eq!(error.to_string(), "not a valid domain from byte 3 on");
/// ```
#[derive(Clone, Debug)]
pub struct Domain {
    ascii: Box<str>,
    unicode: Option<Box<str>>,
}

impl Domain {
    /// The most bytes that a domain may have.
    pub const MAX: usize = 255;
    const LABEL: usize = 63;

    /// A domain that its caller has validated already.
    ///
    /// # Errors
    ///
    /// When it holds a CR, a LF or a NUL.
    pub fn new_unchecked(domain: impl Into<String>) -> Result<Self, ControlCharacter> {
        let domain = domain.into();
        ControlCharacter::none_in(&domain)?;
        Ok(Self { ascii: domain.into(), unicode: None })
    }

    /// The name in A-labels, with the case it was given in.
    pub fn as_str(&self) -> &str {
        &self.ascii
    }

    /// The name as it was given, with U-labels where it had them.
    pub fn as_unicode(&self) -> &str {
        self.unicode.as_deref().unwrap_or(&self.ascii)
    }
}

impl FromStr for Domain {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Self, SyntaxError> {
        if text.is_ascii() {
            check(text)?;
            #[cfg(feature = "idn")]
            idn::check_a_labels(text)?;
            return Ok(Self { ascii: text.into(), unicode: None });
        }
        #[cfg(feature = "idn")]
        {
            let ascii = idn::to_ascii(text)?;
            check(&ascii)?;
            Ok(Self { ascii: ascii.into(), unicode: Some(text.into()) })
        }
        #[cfg(not(feature = "idn"))]
        Err(SyntaxError::because(
            WHAT,
            "it is internationalised: enable the feature `idn`, or use its A-labels (xn--...)",
        ))
    }
}

/// The rules of RFC 5321 §4.1.2 for a name in ASCII.
fn check(name: &str) -> Result<(), SyntaxError> {
    if name.len() > Domain::MAX {
        return Err(SyntaxError::too_long(WHAT, name.len(), Domain::MAX));
    }
    let mut start = 0;
    for label in name.split('.') {
        if label.len() > Domain::LABEL {
            return Err(SyntaxError::too_long("label of a domain", label.len(), Domain::LABEL));
        }
        if label.is_empty() && start > 0 && start == name.len() {
            return Err(SyntaxError::because(WHAT, "leave out the dot at its end"));
        }
        let end = start + label.len();
        let ldh = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if let Some(at) = label.bytes().position(|byte| !ldh(byte)) {
            return Err(SyntaxError::at(WHAT, start + at));
        }
        if label.is_empty() || label.starts_with('-') {
            return Err(SyntaxError::at(WHAT, start));
        }
        if label.ends_with('-') {
            return Err(SyntaxError::at(WHAT, end - 1));
        }
        start = end + 1;
    }
    Ok(())
}

#[cfg(feature = "idn")]
mod idn {
    use std::borrow::Cow;

    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    use super::WHAT;
    use crate::error::SyntaxError;

    /// UTS 46, not transitional, strict (RFC 5891).
    pub(super) fn to_ascii(name: &str) -> Result<String, SyntaxError> {
        if name.chars().any(is_misleading) {
            return Err(SyntaxError::because(
                WHAT,
                "it holds a character that looks like a dot, or like nothing",
            ));
        }
        convert(name).map(Cow::into_owned)
    }

    /// A label that begins with `xn--` must be a valid A-label (RFC 5890 §2.3.2.1).
    pub(super) fn check_a_labels(name: &str) -> Result<(), SyntaxError> {
        let claims =
            |label: &str| label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"));
        if name.split('.').any(claims) && !convert(name)?.eq_ignore_ascii_case(name) {
            return Err(SyntaxError::because(WHAT, "a label is no valid A-label"));
        }
        Ok(())
    }

    fn convert(name: &str) -> Result<Cow<'_, str>, SyntaxError> {
        Uts46::new()
            .to_ascii(
                name.as_bytes(),
                AsciiDenyList::STD3,
                Hyphens::CheckFirstLast,
                DnsLength::Verify,
            )
            .map_err(|_| SyntaxError::because(WHAT, "it is no internationalised domain name"))
    }

    /// Characters that UTS 46 would take for a dot or drop. A name that holds one is not the name
    /// that its reader sees.
    fn is_misleading(character: char) -> bool {
        matches!(
            character,
            '\u{3002}' | '\u{ff0e}' | '\u{ff61}'
                | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
                | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
    }
}

impl TryFrom<&str> for Domain {
    type Error = SyntaxError;

    fn try_from(text: &str) -> Result<Self, SyntaxError> {
        text.parse()
    }
}

impl Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.ascii)
    }
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        self.ascii.eq_ignore_ascii_case(&other.ascii)
    }
}

impl Eq for Domain {}

impl Hash for Domain {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.ascii.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}
