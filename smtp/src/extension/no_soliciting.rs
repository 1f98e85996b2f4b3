//! NO-SOLICITING: messages that say which classes of solicitation they belong to (RFC 3865).

use smtp_grammar::{Capability, Params};

use super::optional::MayBeLeftOut;
use super::parameter::{MailParameter, Parameter};

/// The keyword NO-SOLICITING.
///
/// ```text
/// solicitation-keywords = word *( "," word )      ; RFC 3865 §2.2: 1000 characters at most
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoSoliciting {
    /// The classes that the server refuses.
    pub refused: Vec<String>,
}

impl Capability for NoSoliciting {
    const KEYWORD: &'static str = "NO-SOLICITING";

    fn parse(params: Params<'_>) -> Self {
        let words = params.flat_map(|param| param.split(','));
        Self { refused: words.filter(|word| is_word(word)).map(str::to_owned).collect() }
    }
}

/// The classes of solicitation that a message belongs to: those of its header field `Solicitation`.
///
/// ```text
/// "SOLICIT=" solicitation-keywords
/// word       = ALPHA *( ALPHA / DIGIT / "." / "-" / "_" / ":" )      ; RFC 3865 §2.2
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solicitation(String);

impl Solicitation {
    /// These classes; `None` where there is none, one is no `word`, or all are longer than 1000
    /// characters.
    pub fn new<'a>(classes: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let classes: Vec<&str> = classes.into_iter().collect();
        let valid = !classes.is_empty() && classes.iter().all(|class| is_word(class));
        let value = classes.join(",");
        (valid && value.len() <= 1000).then_some(Self(value))
    }
}

/// `word`
fn is_word(word: &str) -> bool {
    let continues =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    word.starts_with(|first: char| first.is_ascii_alphabetic()) && word.bytes().all(continues)
}

impl MailParameter for Solicitation {
    fn into_parameter(self) -> Parameter {
        // The longest value, its keyword and a space.
        Parameter::new("SOLICIT", self.0, NoSoliciting::KEYWORD).raises(1009)
    }
}

impl MayBeLeftOut for Solicitation {}
