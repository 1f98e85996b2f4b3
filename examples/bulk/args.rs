//! The options of the command line.

use std::path::PathBuf;

use lexopt::prelude::*;

use crate::Result;

pub(crate) const HELP: &str = "\
Sends one message to each recipient of a CSV file, and goes on from its own report.

usage: SMTP_URL=smtp://USER:PASSWORD@HOST bulk --recipients FILE --template FILE
           --report FILE --from ADDRESS [--connections N] [--at-most N]

  --recipients FILE   CSV with a line of names; the column `address` is the recipient
  --template FILE     the message, in UTF-8: `{name}` is the column of this name, and
                      `{{` a brace
  --report FILE       CSV: address, result, text. Made where it is missing; recipients
                      that it has are not sent to again, unless their result is `later`
  --from ADDRESS      the sender, which gets what comes back
  --connections N     connections at most (8)
  --at-most N         messages of this run at most

The results: `sending` (no further line: whether it was delivered is not known),
`delivered`, `later` (nothing was delivered, and may be another time), `refused`,
`unknown`. The exit status is 0 when each recipient has its message.
";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) recipients: PathBuf,
    pub(crate) template: PathBuf,
    pub(crate) report: PathBuf,
    pub(crate) from: String,
    pub(crate) connections: usize,
    pub(crate) at_most: usize,
}

impl Options {
    /// None where help is asked for.
    pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Option<Self>> {
        let (mut recipients, mut template, mut report, mut from) = (None, None, None, None);
        let (mut connections, mut at_most) = (8, usize::MAX);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("recipients") => recipients = Some(arguments.value()?.into()),
                Long("template") => template = Some(arguments.value()?.into()),
                Long("report") => report = Some(arguments.value()?.into()),
                Long("from") => from = Some(arguments.value()?.string()?),
                Long("connections") => connections = arguments.value()?.parse()?,
                Long("at-most") => at_most = arguments.value()?.parse()?,
                Long("help") => return Ok(None),
                other => return Err(other.unexpected().into()),
            }
        }
        let missing = |name: &str| format!("--{name} is missing; --help says more");
        Ok(Some(Self {
            recipients: recipients.ok_or_else(|| missing("recipients"))?,
            template: template.ok_or_else(|| missing("template"))?,
            report: report.ok_or_else(|| missing("report"))?,
            from: from.ok_or_else(|| missing("from"))?,
            connections,
            at_most,
        }))
    }
}
