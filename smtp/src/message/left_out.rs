//! An optional parameter that a message went without.

use std::borrow::Cow;

use crate::proto::left_out::LeftOutKeywords;

/// An [optional](crate::extension::Optional) parameter that was left out, because the server does
/// not offer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    keyword: Cow<'static, str>,
    recipient: Option<usize>,
}

impl LeftOut {
    /// Those that one command went without.
    pub(crate) fn each(
        keywords: Option<Box<LeftOutKeywords>>,
        recipient: Option<usize>,
    ) -> impl Iterator<Item = Self> {
        let keywords = keywords.map(|keywords| keywords.0).unwrap_or_default();
        keywords.into_iter().map(move |keyword| Self { keyword, recipient })
    }

    /// The keyword of the parameter, such as `NOTIFY`.
    pub fn keyword(&self) -> &str {
        &self.keyword
    }

    /// The recipient whose RCPT went without it, counted from 0 in the order of
    /// [`Receipt::recipients`](crate::Receipt::recipients); `None` where it was a parameter of MAIL.
    pub fn recipient(&self) -> Option<usize> {
        self.recipient
    }
}
