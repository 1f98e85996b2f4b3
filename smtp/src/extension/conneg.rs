//! CONNEG: the kinds of content that a recipient can show (RFC 4141).

use smtp_grammar::{Capability, Params, Reply};

use super::optional::MayBeLeftOut;
use super::parameter::{Parameter, RcptParameter};

/// The keyword CONNEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentNegotiation;

impl Capability for ContentNegotiation {
    const KEYWORD: &'static str = "CONNEG";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

impl ContentNegotiation {
    /// The features of a recipient, as the reply to its RCPT says them: the text after `CONNEG` of
    /// each line, in the form of RFC 2533, which is not read here.
    pub fn features(rcpt: &Reply) -> impl Iterator<Item = &str> {
        rcpt.lines().filter_map(|line| {
            let (keyword, features) = std::str::from_utf8(line).ok()?.split_once(' ')?;
            keyword.eq_ignore_ascii_case(Self::KEYWORD).then_some(features)
        })
    }
}

/// Asks for the features of the recipient.
///
/// ```text
/// "CONNEG"      ; RFC 4141 §5
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskFeatures;

impl RcptParameter for AskFeatures {
    fn into_parameter(self) -> Parameter {
        Parameter::flag("CONNEG", ContentNegotiation::KEYWORD).raises(7)
    }
}

impl MayBeLeftOut for AskFeatures {}
