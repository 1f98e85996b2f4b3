//! XVERP: a sender of its own for each recipient (Postfix `VERP_README`, Courier).

use smtp_grammar::{Capability, Params};

use super::optional::MayBeLeftOut;
use super::parameter::{MailParameter, Parameter};

/// The keyword XVERP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XVerpExtension;

impl Capability for XVerpExtension {
    const KEYWORD: &'static str = "XVERP";

    fn parse(_: Params<'_>) -> Self {
        Self
    }
}

/// Asks the server to write each recipient into the sender of its copy, so that a report names it.
///
/// ```text
/// "XVERP" [ "=" delimiter delimiter ]      ; printable ASCII
/// ```
///
/// A delimiter may be `=`, against the rule of RFC 5321 §4.1.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verp(Option<[char; 2]>);

impl Verp {
    /// With the delimiters that the server is set up with.
    pub fn new() -> Self {
        Self::default()
    }

    /// With the delimiters `before` and `inside`: the first stands before the recipient, the second
    /// in place of its `@`. `None` where one is not printable ASCII, or is a space.
    pub fn with_delimiters(before: char, inside: char) -> Option<Self> {
        let valid = before.is_ascii_graphic() && inside.is_ascii_graphic();
        valid.then_some(Self(Some([before, inside])))
    }
}

impl MailParameter for Verp {
    fn into_parameter(self) -> Parameter {
        let parameter = match self.0 {
            None => Parameter::flag("XVERP", XVerpExtension::KEYWORD),
            Some(delimiters) => {
                let value = String::from_iter(delimiters);
                Parameter::new("XVERP", value, XVerpExtension::KEYWORD)
            }
        };
        parameter.raises(9)
    }
}

impl MayBeLeftOut for Verp {}
