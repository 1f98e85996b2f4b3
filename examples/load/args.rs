//! The options of the command line.

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use lexopt::prelude::*;

use crate::Result;

pub(crate) const HELP: &str = "\
Sends many messages over SMTP and says how long that took.

usage: load [OPTIONS]

Where to:
  --addr HOST:PORT      the server; without it, one is started in this program for
                        the time of the run. It keeps what it gets in memory, and the
                        figures are those of both sides together
  --tls KIND            starttls (default), implicit or none
  --ca FILE             trust the certificates of this PEM file, and no others
  --insecure            take any certificate of the server (not with --user)
  --user NAME           log in with PLAIN; the password is SMTP_PASSWORD of the
                        environment, or asked for

Mail:
  --messages N          how many messages, over all connections (1000)
  --rcpts R             recipients of each message (1)
  --size BYTES          bytes of each message (2048)
  --file BODY           send the message in this file instead
  --from ADDRESS        the sender (sender@example.org)
  --to ADDRESS          the recipient (rcpt@example.net); of several, each has its
                        number in front: 1rcpt@example.net

How:
  --connections C       how many connections, each a stream of messages (1)
  --data                DATA: content and the next message's commands in one flight
                        (default)
  --bdat                BDAT, when the replies to the recipients are there
  --eager               BDAT in the flight of its commands, several messages at once
  --window N            with --eager, how many (8)
  --no-pipelining       one command at a time, as if the server did not offer it

What comes out:
  --json                one line of JSON instead of text
  --help                this text

Figures are those from when all connections were ready to the last receipt.
Round trips: the longest chain of something sent, its reply, something sent because
of that, and so on, of each connection. So often a client has nothing left to write
and waits for the server, if only the way there takes time.
Latency: the time from when a connection takes a message to its receipt, in a stream
with the wait for the message before.
MB: 1,000,000 bytes of messages.
The exit status is 0 when every message was taken for every recipient.
";

/// How messages are transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Data,
    Bdat,
    Eager,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    StartTls,
    Implicit,
    None,
}

#[derive(Debug)]
pub(crate) struct Options {
    /// Host and port.
    pub(crate) address: Option<(String, u16)>,
    pub(crate) security: Security,
    /// The certificates to trust, as PEM text.
    pub(crate) authority: Option<Vec<u8>>,
    pub(crate) insecure: bool,
    /// Name and password.
    pub(crate) user: Option<(String, String)>,
    pub(crate) messages: u64,
    pub(crate) rcpts: usize,
    pub(crate) size: usize,
    pub(crate) file: Option<PathBuf>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) connections: usize,
    pub(crate) mode: Mode,
    pub(crate) window: usize,
    pub(crate) pipelining: bool,
    pub(crate) json: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: None,
            security: Security::StartTls,
            authority: None,
            insecure: false,
            user: None,
            messages: 1000,
            rcpts: 1,
            size: 2048,
            file: None,
            from: "sender@example.org".to_owned(),
            to: "rcpt@example.net".to_owned(),
            connections: 1,
            mode: Mode::Data,
            window: 8,
            pipelining: true,
            json: false,
        }
    }
}

impl Options {
    /// Reads the arguments. None when they ask for help.
    pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Option<Self>> {
        let mut options = Self::default();
        let (mut window, mut size) = (None, None);
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("help") | Short('h') => return Ok(None),
                Long("addr") => options.address = Some(address(&arguments.value()?.string()?)?),
                Long("tls") => options.security = security(&arguments.value()?.string()?)?,
                Long("ca") => options.authority = Some(read(arguments.value()?.as_ref())?),
                Long("insecure") => options.insecure = true,
                Long("user") => {
                    options.user = Some((arguments.value()?.string()?, String::new()));
                }
                Long("messages") => options.messages = count("messages", &arguments.value()?)?,
                Long("rcpts") => options.rcpts = count("rcpts", &arguments.value()?)?,
                Long("size") => size = Some(count("size", &arguments.value()?)?),
                Long("file") => options.file = Some(arguments.value()?.into()),
                Long("from") => options.from = arguments.value()?.string()?,
                Long("to") => options.to = arguments.value()?.string()?,
                Long("connections") => {
                    options.connections = count("connections", &arguments.value()?)?;
                }
                Long("data") => options.mode = Mode::Data,
                Long("bdat") => options.mode = Mode::Bdat,
                Long("eager") => options.mode = Mode::Eager,
                Long("window") => window = Some(count("window", &arguments.value()?)?),
                Long("no-pipelining") => options.pipelining = false,
                Long("json") => options.json = true,
                other => return Err(format!("{}; --help lists them", other.unexpected()).into()),
            }
        }
        if size.is_some() && options.file.is_some() {
            return Err("the message is either of --size or in --file: leave one out".into());
        }
        if window.is_some() && options.mode != Mode::Eager {
            return Err("--window says how many messages are under way with --eager".into());
        }
        options.size = size.unwrap_or(options.size);
        options.window = window.unwrap_or(options.window);
        options.check().map(|()| Some(options))
    }

    /// Finds what does not go together.
    fn check(&self) -> Result<()> {
        if self.user.is_some() && self.security == Security::None {
            return Err("a password needs TLS: leave --tls none or --user out".into());
        }
        if self.user.is_some() && self.insecure {
            return Err(
                "a password needs a server that is verified: use --ca, or leave --insecure \
                        or --user out"
                    .into(),
            );
        }
        if self.insecure && self.authority.is_some() {
            return Err("--insecure accepts any certificate: leave it or --ca out".into());
        }
        Ok(())
    }

    /// The password of the user, from the environment or the terminal.
    pub(crate) fn ask_password(&mut self) -> Result<()> {
        if let Some((user, password)) = &mut self.user {
            let prompt = format!("Password of {user} (or set SMTP_PASSWORD): ");
            let given = std::env::var("SMTP_PASSWORD");
            *password = given.or_else(|_| rpassword::prompt_password(prompt))?;
        }
        Ok(())
    }
}

fn address(text: &str) -> Result<(String, u16)> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parts {
        Some((host, port)) if !host.is_empty() => {
            let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            Ok((literal.unwrap_or(host).to_owned(), port))
        }
        _ => Err(format!("--addr is HOST:PORT, such as mail.example.com:587, not {text:?}").into()),
    }
}

fn security(text: &str) -> Result<Security> {
    match text {
        "starttls" => Ok(Security::StartTls),
        "implicit" => Ok(Security::Implicit),
        "none" => Ok(Security::None),
        _ => Err(format!("--tls is starttls, implicit or none, not {text:?}").into()),
    }
}

/// A number of at least one.
fn count<N: TryFrom<u64>>(name: &str, text: &OsString) -> Result<N> {
    let number =
        text.to_str().and_then(|text| text.parse().ok()).filter(|&number: &u64| number > 0);
    let number = number.and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| {
        format!("--{name} takes a number from 1 on, not {:?}", text.display()).into()
    })
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

impl Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Data => "data",
            Self::Bdat => "bdat",
            Self::Eager => "eager",
        })
    }
}

impl Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
            Self::None => "none",
        })
    }
}
