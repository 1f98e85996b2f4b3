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
/// A list that is not of that form is ignored, all of it. A limit whose value is not, or whose name
/// is not known here, is as if it were not listed. Of a limit that is listed twice the smaller one
/// counts.
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
        for param in params {
            let Some((name, value)) = limit(param) else {
                return Self::default();
            };
            let known = match name.to_ascii_uppercase().as_str() {
                "MAILMAX" => &mut limits.mail,
                "RCPTMAX" => &mut limits.rcpt,
                "RCPTDOMAINMAX" => &mut limits.rcpt_domain,
                _ => continue,
            };
            *known = [*known, number(value)].into_iter().flatten().min();
        }
        limits
    }
}

/// ```text
/// limit-name  = 1*( ALPHA / DIGIT / "-" / "_" )
/// limit-value = 1*( %x21-3A / %x3C-7E )      ; RFC 9422 §3: all that is printable but ";"
/// ```
fn limit(param: &str) -> Option<(&str, &str)> {
    let (name, value) = param.split_once('=')?;
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let valid = !name.is_empty() && name.bytes().all(in_name);
    (valid && !value.is_empty() && !value.contains(';')).then_some((name, value))
}

/// One to six digits that do not begin with a zero.
pub(super) fn number(value: &str) -> Option<u32> {
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
            ("LIMITS RCPTMAX=+5 MAILMAX=2", (Some(2), None, None)),
            ("LIMITS RCPTMAX=0005 MAILMAX=2", (Some(2), None, None)),
            ("LIMITS MAILMAX=2 RCPTMAX", (None, None, None)),
            ("LIMITS MAILMAX=2 RCPTMAX=", (None, None, None)),
            ("LIMITS MAILMAX=2 RCPTMAX=;", (None, None, None)),
            ("LIMITS MAILMAX=2 RCPT/MAX=2", (None, None, None)),
            ("LIMITS RCPTMAX=20 RCPTMAX=10 RCPTMAX=30", (None, Some(10), None)),
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
