//! A state of a mechanism.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{0}", transition(Tls => Authed))]
struct Login(String);

fn main() {}
