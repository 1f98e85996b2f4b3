//! The options of the command line.

use std::ffi::OsString;
use std::fmt::{self, Display};
use std::net::Ipv6Addr;
use std::path::Path;
use std::time::Duration;

use lexopt::prelude::*;
use smtp::Secret;

use crate::Result;

pub(crate) const HELP: &str = "\
Looks at a mail server, and says in the first line what is wrong, if anything.

usage: probe [OPTIONS] [HOST[:PORT]]

HOST is a DNS name or an IP address ([2001:db8::1]:587 with a port). Without it, the
probe starts a server of its own and looks at that.

How:
  --starttls            TLS after STARTTLS: the default, but at port 465
  --implicit            TLS from the first byte: the default at port 465
  --plain               no TLS, and no login
  --port PORT           587, or 465 with --implicit
  --name NAME           the name that the certificate must be for, if it is not HOST
  --root FILE           trust the authorities in this PEM file, and no others
  --timeout SECONDS     for all of it (10)

With a login:
  --user NAME           logs in, inside TLS
  --password-file FILE  its first line; without it, the password is in SMTP_PASSWORD

Output:
  --json                one JSON object
  -h, --help            this text

The probe connects once to each address, and sends no mail. To a server that does not
greet it connects once more, to see whether it speaks TLS.

exit status: 0 nothing is wrong (there may be warnings), 1 something is, 2 wrong usage
";

/// How the session is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    StartTls,
    Implicit,
    Plain,
}

/// The wishes of the command line.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
    pub(crate) mode: Mode,
    pub(crate) name: Option<String>,
    /// PEM.
    pub(crate) root: Option<Vec<u8>>,
    pub(crate) timeout: Duration,
    /// A user, and the password.
    pub(crate) user: Option<(String, Secret)>,
    pub(crate) json: bool,
}

impl Options {
    /// None: `--help` was given.
    pub(crate) fn parse(mut arguments: lexopt::Parser) -> Result<Option<Self>> {
        let (mut host, mut port, mut mode, mut user, mut password) = (None, None, None, None, None);
        let mut options = Self {
            host: None,
            port: 0,
            mode: Mode::StartTls,
            name: None,
            root: None,
            timeout: Duration::from_secs(10),
            user: None,
            json: false,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("help") | Short('h') => return Ok(None),
                Long("starttls") => only(&mut mode, Mode::StartTls)?,
                Long("implicit") => only(&mut mode, Mode::Implicit)?,
                Long("plain") => only(&mut mode, Mode::Plain)?,
                Long("port") => port = Some(port_of(&arguments.value()?.string()?)?),
                Long("name") => options.name = Some(arguments.value()?.string()?),
                Long("root") => options.root = Some(read(arguments.value()?.as_ref())?),
                Long("timeout") => options.timeout = seconds(&arguments.value()?)?,
                Long("user") => user = Some(arguments.value()?.string()?),
                Long("password-file") => {
                    password = Some(first_line(&read(arguments.value()?.as_ref())?)?);
                }
                Long("json") => options.json = true,
                Value(value) if host.is_none() => host = Some(value.string()?),
                other => return Err(format!("{}; --help lists them", other.unexpected()).into()),
            }
        }
        if let Some(host) = host {
            let (host, own_port) = split(&host)?;
            options.host = Some(host);
            match (own_port, port) {
                (Some(_), Some(_)) => return Err("the port is given twice: once is enough".into()),
                (own, other) => port = own.or(other),
            }
        }
        let of_port = if port == Some(465) { Mode::Implicit } else { Mode::StartTls };
        options.mode = mode.unwrap_or(of_port);
        options.port = port.unwrap_or(if options.mode == Mode::Implicit { 465 } else { 587 });
        options.user = match (user, password) {
            (None, None) => None,
            (None, Some(_)) => return Err("--password-file needs --user".into()),
            (Some(user), Some(password)) => Some((user, password)),
            (Some(user), None) => {
                let given = std::env::var("SMTP_PASSWORD");
                let missing = "--user needs --password-file, or the password in SMTP_PASSWORD";
                Some((user, given.map_err(|_| missing)?.into()))
            }
        };
        if options.name.is_some() && options.host.as_ref().is_some_and(|host| !host.is_ascii()) {
            return Err("with --name, give HOST in A-labels (xn--..)".into());
        }
        if options.host.is_none() && options.user.is_some() {
            return Err("--user needs a host: the server of the probe has its own user".into());
        }
        Ok(Some(options))
    }

    /// The host and its port, as they are shown.
    pub(crate) fn target(&self) -> String {
        let host = self.host.as_deref().unwrap_or_default();
        if host.contains(':') {
            format!("[{host}]:{}", self.port)
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// The name that the certificate must be for.
    pub(crate) fn identity(&self) -> &str {
        self.name.as_deref().or(self.host.as_deref()).unwrap_or_default()
    }
}

fn only(mode: &mut Option<Mode>, wanted: Mode) -> Result<()> {
    match mode.replace(wanted) {
        Some(other) if other != wanted => {
            Err(format!("--{other} or --{wanted}: one of them, not both").into())
        }
        _ => Ok(()),
    }
}

/// A host, and its port if it has one.
fn split(text: &str) -> Result<(String, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let parts = rest.split_once(']');
        let (host, port) = parts.ok_or_else(|| format!("{text:?} has no closing bracket"))?;
        let port = match port.strip_prefix(':') {
            Some(port) => Some(port_of(port)?),
            None if port.is_empty() => None,
            None => return Err(format!("HOST is a name or an address, not {text:?}").into()),
        };
        return Ok((host.to_owned(), port));
    }
    if text.parse::<Ipv6Addr>().is_ok() || text.contains('%') {
        return Ok((text.to_owned(), None));
    }
    match text.rsplit_once(':') {
        Some((host, port)) => Ok((host.to_owned(), Some(port_of(port)?))),
        None => Ok((text.to_owned(), None)),
    }
}

fn port_of(text: &str) -> Result<u16> {
    let port = text.parse().ok().filter(|port| *port != 0);
    port.ok_or_else(|| format!("a port is a number from 1 to 65535, not {text:?}").into())
}

fn seconds(text: &OsString) -> Result<Duration> {
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| {
        format!("--timeout takes seconds, such as 10 or 2.5, not {:?}", text.display()).into()
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}

fn first_line(content: &[u8]) -> Result<Secret> {
    let text = std::str::from_utf8(content).map_err(|_| "the password is not UTF-8")?;
    Ok(Secret::from(text.lines().next().unwrap_or_default()))
}

impl Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
            Self::Plain => "plain",
        })
    }
}
