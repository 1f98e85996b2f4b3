//! LHLO: the EHLO of LMTP (RFC 2033 §4.1).

use smtp::SmtpCommand;
use smtp::grammar::{Capabilities, Host};

#[derive(Debug, SmtpCommand)]
#[smtp(verb = "LHLO", reply = Capabilities, stage = Hello, valid_in())]
pub struct Lhlo(pub Host);
