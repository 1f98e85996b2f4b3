//! X-RCPTLIMIT: how many recipients the server takes in one transaction, before there was LIMITS.

use smtp_grammar::{Capabilities, Capability, Params};

use super::limits::{ServerLimits, number};

/// The keyword X-RCPTLIMIT and its number.
///
/// [`ServerLimits::of`] uses it where the server does not list LIMITS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XRcptLimit {
    /// Recipients in one transaction, if the number can be read and is not 0.
    pub recipients: Option<u32>,
}

impl Capability for XRcptLimit {
    const KEYWORD: &'static str = "X-RCPTLIMIT";

    fn parse(params: Params<'_>) -> Self {
        Self { recipients: params.filter_map(number).min() }
    }
}

impl ServerLimits {
    /// The limits of a server: those of LIMITS, or that of [X-RCPTLIMIT](XRcptLimit) where
    /// it does not list LIMITS.
    pub fn of(capabilities: &Capabilities) -> Self {
        capabilities.get().unwrap_or_else(|| Self {
            rcpt: capabilities.get::<XRcptLimit>().and_then(|limit| limit.recipients),
            ..Self::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use smtp_grammar::{Reply, ReplyCode};

    use super::*;

    #[test]
    fn the_older_keyword_counts_where_there_is_no_other() {
        let table: [(&[&str], Option<u32>); 5] = [
            (&["X-RCPTLIMIT 50"], Some(50)),
            (&["X-RCPTLIMIT 50", "LIMITS MAILMAX=1"], None),
            (&["X-RCPTLIMIT 50", "LIMITS RCPTMAX=60"], Some(60)),
            (&["X-RCPTLIMIT 0"], None),
            (&["X-RCPTLIMIT many"], None),
        ];
        for (lines, rcpt) in table {
            let lines = ["mail.example.org"].iter().chain(lines);
            let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
            assert_eq!(ServerLimits::of(&capabilities).rcpt, rcpt);
        }
    }
}
