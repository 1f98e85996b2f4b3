//! The same without names.

use smtp::SmtpCommand;

struct Nothing;

#[derive(SmtpCommand)]
#[smtp(mechanism = "X-A", initial = "{0}\0{1}")]
struct Login(String, Nothing);

fn main() {}
