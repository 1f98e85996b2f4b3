//! Every mistake is reported, not just the first.

use smtp::SmtpCommand;

#[derive(SmtpCommand)]
#[smtp(verb = "X A\n", accepts(42), valid_in(Tsl), stage = Male)]
struct Command {
    #[smtp(parm = "A")]
    one: u8,
    #[smtp(flag = "B")]
    two: u8,
}

fn main() {}
