//! LIMITS: how much a server takes in one transaction and one session (RFC 9422).

use smtp_grammar::{Capability, Params};

/// The keyword LIMITS.
///
/// ```text
/// ehlo-line    = "LIMITS" *( SP limit )
/// limit        = limit-name "=" limit-value      ; RFC 9422 §3, §4
/// limit-value  = %x31-39 *5DIGIT                 ; the limits known here
/// ```
///
/// A limit that cannot be read, or that is not known here, is as if it were not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerLimits {
    /// Transactions in one session (MAILMAX).
    pub mail: Option<u32>,
    /// Recipients in one transaction (RCPTMAX).
    pub rcpt: Option<u32>,
    /// Domains of recipients in one transaction (RCPTDOMAINMAX).
    pub rcpt_domain: Option<u32>,
}

impl Capability for ServerLimits {
    const KEYWORD: &'static str = "LIMITS";

    fn parse(params: Params<'_>) -> Self {
        let mut limits = Self::default();
        for (name, value) in params.filter_map(|param| param.split_once('=')) {
            let limit = match name.to_ascii_uppercase().as_str() {
                "MAILMAX" => &mut limits.mail,
                "RCPTMAX" => &mut limits.rcpt,
                "RCPTDOMAINMAX" => &mut limits.rcpt_domain,
                _ => continue,
            };
            *limit = number(value).or(*limit);
        }
        limits
    }
}

/// One to six digits that do not begin with a zero.
fn number(value: &str) -> Option<u32> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=6).contains(&value.len()) && !value.starts_with('0');
    (digits && fits).then(|| value.parse().ok())?
}

#[cfg(test)]
mod tests {
    use smtp_grammar::{Capabilities, Reply, ReplyCode};

    use super::*;

    #[test]
    fn limits() {
        let table = [
            ("LIMITS RCPTMAX=20", (None, Some(20), None)),
            ("LIMITS MAILMAX=5 RCPTMAX=100 RCPTDOMAINMAX=1", (Some(5), Some(100), Some(1))),
            ("limits rcptmax=7", (None, Some(7), None)),
            ("LIMITS RCPTMAX=0 MAILMAX=3", (Some(3), None, None)),
            ("LIMITS RCPTMAX=1234567", (None, None, None)),
            ("LIMITS RCPTMAX=+5 RCPTMAX RCPTMAX=", (None, None, None)),
            ("LIMITS FOOMAX=1 RCPTMAX=2", (None, Some(2), None)),
            ("LIMITS", (None, None, None)),
        ];
        for (line, (mail, rcpt, rcpt_domain)) in table {
            let reply = Reply::new(ReplyCode::OK, ["mail.example.org", line]);
            let limits = Capabilities::from_reply(&reply).get::<ServerLimits>();
            assert_eq!(limits, Some(ServerLimits { mail, rcpt, rcpt_domain }), "{line}");
        }
    }
}
