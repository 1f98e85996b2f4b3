//! SIZE: how large a message the server takes (RFC 1870).

use smtp_grammar::{Capability, Params};

use crate::proto::decimal::decimal;
use crate::proto::line::{Arguments, Line};

/// The keyword SIZE and its parameter.
///
/// ```text
/// size-param ::= [1*DIGIT]      ; RFC 1870 §4; 0 means that there is no fixed maximum
/// ```
///
/// [`Mail::size`](crate::command::Mail::size) declares a message's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    limit: Option<u64>,
}

impl Size {
    /// Bytes of the largest message that the server takes, if it says so.
    pub fn limit(self) -> Option<u64> {
        self.limit
    }
}

impl Capability for Size {
    const KEYWORD: &'static str = "SIZE";

    /// A server that lists SIZE more than once means the smallest; what is no number means nothing.
    fn parse(params: Params<'_>) -> Self {
        Self {
            limit: params
                .filter(|param| param.bytes().all(|byte| byte.is_ascii_digit()))
                .map(|digits| digits.parse().unwrap_or(u64::MAX))
                .filter(|&limit| limit > 0)
                .min(),
        }
    }
}

/// The parameter SIZE of MAIL: the bytes of the message, with CRLF line ends.
///
/// ```text
/// "SIZE=" 1*20DIGIT      ; RFC 1870 §3, §6
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SizeParameter(pub(crate) u64);

impl SizeParameter {
    /// Writes it to a server that is known to list SIZE.
    #[inline]
    pub(crate) fn write_offered(self, line: &mut Line<'_>) {
        line.raise_limit(26);
        line.plain_param("SIZE=");
        decimal(&self.0).write_plain(line);
    }
}

impl Arguments for SizeParameter {
    fn write(&self, line: &mut Line<'_>) {
        line.require(Size::KEYWORD);
        self.write_offered(line);
    }
}

#[cfg(test)]
mod tests {
    use smtp_grammar::{Capabilities, Reply, ReplyCode};

    use super::*;

    #[test]
    fn limits() {
        let table: &[(&[&str], Option<Option<u64>>)] = &[
            (&[], None),
            (&["SIZE"], Some(None)),
            (&["SIZE 0"], Some(None)),
            (&["SIZE 1000"], Some(Some(1000))),
            (&["SIZE 99999999999999999999"], Some(Some(u64::MAX))),
            (&["SIZE -1"], Some(None)),
            (&["SIZE +1"], Some(None)),
            (&["SIZE 1K"], Some(None)),
            (&["SIZE 10 20"], Some(Some(10))),
            (&["SIZE 20", "SIZE 0", "SIZE 10"], Some(Some(10))),
        ];
        for (lines, expected) in table {
            let lines = ["mail.example.org"].iter().chain(*lines);
            let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
            assert_eq!(capabilities.get::<Size>().map(Size::limit), *expected);
        }
    }
}
