//! An optional parameter that a message went without.

use std::borrow::Cow;

/// An [optional](crate::extension::Optional) parameter that was left out, because the server does
/// not offer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    keyword: Cow<'static, str>,
    recipient: Option<usize>,
}

impl LeftOut {
    pub(crate) fn new(keyword: Cow<'static, str>) -> Self {
        Self { keyword, recipient: None }
    }

    /// Says which recipient's RCPT went without these; `None` where it was MAIL.
    pub(crate) fn of(mut left_out: Box<[Self]>, recipient: Option<usize>) -> Vec<Self> {
        for one in &mut left_out {
            one.recipient = recipient;
        }
        left_out.into_vec()
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
