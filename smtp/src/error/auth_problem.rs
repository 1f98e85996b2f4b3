//! The reason of a refused authentication, by the codes of the reply.

use smtp_grammar::Reply;

/// Why the server refused AUTH, as far as its codes say (RFC 4954 §6, RFC 5248 §2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthProblem {
    /// The name, the password, the token or the certificate is wrong: 535, X.7.8. Trying again
    /// without a change locks the account at many providers.
    WrongCredentials,
    /// The provider has switched off logins with a password, or SMTP for the mailbox: X.7.30,
    /// X.7.139.
    PasswordsOff,
    /// The account is disabled: 525, X.7.13.
    AccountDisabled,
    /// The mechanism is too weak, or the provider wants a password made for this program: 534,
    /// X.7.9.
    TooWeak,
    /// The mechanism is accepted inside TLS alone: 538, X.7.11.
    NeedsTls,
    /// The server must see the password once, to store it for this mechanism: 432, X.7.12.
    NeedsTransition,
    /// The server cannot tell now: 454 and every other 4yz.
    Temporary,
}

impl AuthProblem {
    pub(crate) fn of(reply: &Reply) -> Option<Self> {
        let security = |detail: u16| reply.enhanced().is_some_and(|code| code.is((7, detail)));
        let code = reply.code().value();
        Some(match code {
            _ if security(30) || security(139) => Self::PasswordsOff,
            _ if security(13) || code == 525 => Self::AccountDisabled,
            _ if security(11) || code == 538 => Self::NeedsTls,
            _ if security(12) || code == 432 => Self::NeedsTransition,
            _ if security(9) || code == 534 => Self::TooWeak,
            400..=499 => Self::Temporary,
            _ if security(8) || code == 535 => Self::WrongCredentials,
            _ => return None,
        })
    }

    /// The advice for it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::WrongCredentials => {
                "the name, the password, the token or the certificate is wrong"
            }
            Self::PasswordsOff => {
                "the provider has switched off logins with a password, or SMTP for this mailbox: \
                 a token (`Credentials::token`) or the administrator's consent helps"
            }
            Self::AccountDisabled => "the account is disabled: ask the provider",
            Self::TooWeak => {
                "the mechanism is too weak for this account, or it takes a password made for this \
                 program: see the provider's pages on app passwords"
            }
            Self::NeedsTls => "the mechanism is accepted inside TLS alone: use `starttls` first",
            Self::NeedsTransition => {
                "the server must see the password once: authenticate with PLAIN inside TLS"
            }
            Self::Temporary => "the server cannot tell now: try again later",
        }
    }
}

#[cfg(test)]
mod tests {
    use smtp_grammar::ReplyCode;

    use super::*;

    #[test]
    fn codes_tell_problems_apart() {
        use AuthProblem::{
            AccountDisabled, NeedsTls, NeedsTransition, PasswordsOff, Temporary, TooWeak,
            WrongCredentials,
        };
        let table = [
            (535, "5.7.8 wrong", Some(WrongCredentials)),
            (535, "Incorrect authentication data", Some(WrongCredentials)),
            (535, "5.7.3 unsuccessful", Some(WrongCredentials)),
            (535, "5.7.139 basic authentication is disabled", Some(PasswordsOff)),
            (550, "5.7.30 basic authentication is not supported", Some(PasswordsOff)),
            (525, "5.7.13 disabled", Some(AccountDisabled)),
            (534, "5.7.9 application-specific password required", Some(TooWeak)),
            (538, "5.7.11 encryption required", Some(NeedsTls)),
            (432, "4.7.12 a transition is needed", Some(NeedsTransition)),
            (454, "4.7.0 later", Some(Temporary)),
            (451, "4.3.0 later", Some(Temporary)),
            (504, "5.5.4 unknown mechanism", None),
            (550, "no", None),
        ];
        for (code, text, expected) in table {
            let reply = Reply::new(ReplyCode::new(code).expect("a code"), [text]);
            assert_eq!(AuthProblem::of(&reply), expected, "{code} {text}");
        }
    }
}
