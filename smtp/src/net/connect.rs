//! TCP connections: every address that a name has, one after the other.
//!
//! Of what goes wrong, it says which side is at fault: the name that the caller gave, this machine,
//! or the way to the server.

use std::error::Error;
use std::fmt::{self, Display};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;

use super::clock::{Clock, Expired, deadline, timeout_at};
use super::host::{self, Host};
use crate::proto::fault::Fault;

/// Connects to the first address of `host` that answers. Each gets the time `limit`.
///
/// # Errors
///
/// [`Fault::InvalidHost`] and [`Fault::NoRuntime`] before anything is tried; [`Fault::Unresolved`]
/// when the name has no address; [`Fault::Local`] when this machine could try none of them, and
/// [`Fault::Unreachable`] when none answers, with the reason of each; [`Fault::NoTimer`] when the
/// clock has no timers.
pub(crate) async fn connect(
    clock: &dyn Clock,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<TcpStream, Fault> {
    let parsed = host::parse(host).map_err(Fault::InvalidHost)?;
    if Handle::try_current().is_err() {
        // Tokio would panic.
        return Err(Fault::NoRuntime);
    }
    let addresses = match parsed {
        Host::Address(address) => vec![SocketAddr::new(address, port)],
        Host::Name(name) => match lookup_host((name, port)).await {
            Ok(addresses) => addresses.collect(),
            Err(error) => return Err(unresolved(name, error)),
        },
    };
    let mut failures = Vec::with_capacity(addresses.len());
    for address in addresses {
        let latest = deadline(clock, limit);
        match timeout_at(clock, latest, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Whole flights are written at once; waiting for more would only add a delay. A
                // socket that does not take the option still carries mail.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => failures.push((address, error)),
            Err(Expired::Late) => {
                let error = format!("no answer in {limit:?}");
                failures.push((address, io::Error::new(io::ErrorKind::TimedOut, error)));
            }
            Err(Expired::NoTimer(error)) => return Err(Fault::NoTimer(error)),
        }
    }
    Err(failed(host, port, failures))
}

/// The fault of a name that was not resolved.
fn unresolved(name: &str, error: io::Error) -> Fault {
    match LocalCause::of(&error) {
        Some(cause) => cause.fault(&format!("cannot resolve the name {name}: {error}"), error),
        None => Fault::Unresolved(with_text(
            error.kind(),
            format!(
                "cannot resolve the name {name}: {error}; check its spelling, and that this \
                 machine can ask its resolver"
            ),
            error,
        )),
    }
}

/// The fault where no address could be connected to. One that was asked says more than those
/// that this machine could not even ask.
fn failed(host: &str, port: u16, failures: Vec<(SocketAddr, io::Error)>) -> Fault {
    let reasons: Vec<_> =
        failures.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    let text = format!("cannot connect to {host} port {port}: {}", reasons.join("; "));
    let causes = failures.into_iter().map(|(_, error)| (LocalCause::of(&error), error));
    match causes.reduce(|a, b| if a.0.is_none() && b.0.is_some() { a } else { b }) {
        Some((Some(cause), error)) => cause.fault(&text, error),
        Some((None, error)) => Fault::Unreachable(with_text(error.kind(), text, error)),
        None => {
            let error = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            unresolved(host, error)
        }
    }
}

/// Why this machine cannot open a connection, whatever the server would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LocalCause {
    Descriptors,
    Memory,
    Address,
    Route,
    Permission,
    Family,
}

/// `ENFILE` and `EMFILE`, `ENOBUFS`, `EAFNOSUPPORT`: std has no kind for these.
#[cfg(any(target_os = "linux", target_os = "android"))]
const CODES: ([i32; 2], i32, i32) = ([23, 24], 105, 97);
/// As above: macOS and the BSDs.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const CODES: ([i32; 2], i32, i32) = ([23, 24], 55, 47);
/// As above: `WSAEMFILE`, `WSAENOBUFS`, `WSAEAFNOSUPPORT`.
#[cfg(not(unix))]
const CODES: ([i32; 2], i32, i32) = ([10024, 10024], 10055, 10047);

impl LocalCause {
    /// None where the network or the server is the cause.
    fn of(error: &io::Error) -> Option<Self> {
        let (descriptors, no_buffers, no_family) = CODES;
        match error.raw_os_error() {
            Some(code) if descriptors.contains(&code) => return Some(Self::Descriptors),
            Some(code) if code == no_buffers => return Some(Self::Memory),
            Some(code) if code == no_family => return Some(Self::Family),
            _ => {}
        }
        match error.kind() {
            io::ErrorKind::OutOfMemory => Some(Self::Memory),
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Some(Self::Address),
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Some(Self::Route),
            io::ErrorKind::PermissionDenied => Some(Self::Permission),
            io::ErrorKind::Unsupported => Some(Self::Family),
            _ => None,
        }
    }

    fn fault(self, text: &str, error: io::Error) -> Fault {
        // Lasting ones are told from passing ones by their kind.
        let kind = if self == Self::Family { io::ErrorKind::Unsupported } else { error.kind() };
        Fault::Local(with_text(kind, format!("{text}; {}", self.advice()), error))
    }

    fn advice(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "this machine or process has no file descriptor left: close some, or raise its \
                 limit"
            }
            Self::Memory => "this machine has no memory left for a socket",
            Self::Address => "this machine has no local address or port left for it",
            // A router may have said so by ICMP, which gives the same error (RFC 4443 §3.1).
            Self::Route => "this machine or a router on the way has no route to that network",
            Self::Permission => {
                "this machine or a firewall on the way does not permit it: see its firewall and \
                 sandbox"
            }
            Self::Family => "this machine does not speak that family of addresses",
        }
    }
}

/// An error of the system, in words that say where it happened.
#[derive(Debug)]
struct Described {
    text: String,
    source: io::Error,
}

fn with_text(kind: io::ErrorKind, text: String, source: io::Error) -> io::Error {
    io::Error::new(kind, Described { text, source })
}

impl Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Described {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use io::ErrorKind as Kind;

    use super::*;
    use crate::error::Blame;
    use crate::error::lost::Lost;

    fn failed_with(errors: Vec<io::Error>) -> Lost {
        let address = SocketAddr::from(([192, 0, 2, 1], 25));
        let failures = errors.into_iter().map(|error| (address, error)).collect();
        Lost::new(failed("mail.example.com", 25, failures), None)
    }

    #[test]
    fn what_this_machine_cannot_do_is_its_own_fault() {
        let ([of_machine, of_process], no_buffers, no_family) = CODES;
        let raw = io::Error::from_raw_os_error;
        let table = [
            ("ENFILE", raw(of_machine), Blame::Local, true, "no file descriptor left"),
            ("EMFILE", raw(of_process), Blame::Local, true, "no file descriptor left"),
            ("ENOBUFS", raw(no_buffers), Blame::Local, true, "no memory left"),
            ("ENOMEM", Kind::OutOfMemory.into(), Blame::Local, true, "no memory left"),
            ("EAFNOSUPPORT", raw(no_family), Blame::Local, false, "that family of addresses"),
            (
                "EADDRNOTAVAIL",
                Kind::AddrNotAvailable.into(),
                Blame::Local,
                true,
                "no local address",
            ),
            (
                "ENETUNREACH",
                Kind::NetworkUnreachable.into(),
                Blame::Local,
                true,
                "no route to that",
            ),
            ("EADDRINUSE", Kind::AddrInUse.into(), Blame::Local, true, "no local address"),
            ("ENETDOWN", Kind::NetworkDown.into(), Blame::Local, true, "no route to that"),
            ("none", Kind::Unsupported.into(), Blame::Local, false, "that family of addresses"),
            ("EACCES", Kind::PermissionDenied.into(), Blame::Local, false, "does not permit it"),
            ("ECONNREFUSED", Kind::ConnectionRefused.into(), Blame::Network, true, "refused"),
            ("EHOSTUNREACH", Kind::HostUnreachable.into(), Blame::Network, true, "unreachable"),
            ("ETIMEDOUT", Kind::TimedOut.into(), Blame::Network, true, "timed out"),
        ];
        for (name, error, blame, transient, text) in table {
            let code = error.raw_os_error();
            let lost = failed_with(vec![error]);
            assert_eq!((lost.blame(), lost.is_transient()), (blame, transient), "{name}: {lost}");
            let shown = lost.to_string();
            assert!(shown.starts_with("cannot connect to mail.example.com port 25: "), "{shown}");
            assert!(shown.contains(text), "{name}: {shown}");
            assert_eq!(matches!(lost.fault(), Fault::Local(_)), blame == Blame::Local, "{name}");
            // The system's own error can still be asked.
            let source = Error::source(&lost).and_then(Error::source).expect("the system's");
            let source = source.downcast_ref::<io::Error>().expect("of I/O");
            assert_eq!(source.raw_os_error(), code, "{name}");
        }
    }

    #[test]
    fn an_address_that_was_asked_decides() {
        let no_route = || io::Error::from(Kind::NetworkUnreachable);
        let refused = || io::Error::from(Kind::ConnectionRefused);
        for errors in [vec![no_route(), refused()], vec![refused(), no_route()]] {
            let lost = failed_with(errors);
            assert_eq!(lost.blame(), Blame::Network, "{lost}");
            assert!(matches!(lost.fault(), Fault::Unreachable(error)
                if error.kind() == Kind::ConnectionRefused));
        }
        assert_eq!(failed_with(vec![no_route(), no_route()]).blame(), Blame::Local);
    }

    #[test]
    fn a_name_that_is_not_resolved_is_no_fault_of_the_servers() {
        let error = io::Error::other("failed to lookup address information: Try again");
        let lost = Lost::new(unresolved("mail.example.com", error), None);
        assert_eq!(
            lost.to_string(),
            "cannot resolve the name mail.example.com: failed to lookup address information: Try \
             again; check its spelling, and that this machine can ask its resolver"
        );
        assert!(matches!(lost.fault(), Fault::Unresolved(_)), "{lost:?}");
        assert_eq!((lost.blame(), lost.is_transient()), (Blame::Local, true));

        let none = failed_with(Vec::new());
        assert!(matches!(none.fault(), Fault::Unresolved(_)), "{none:?}");
        let ([_, of_process], ..) = CODES;
        let fault = unresolved("mail.example.com", io::Error::from_raw_os_error(of_process));
        assert!(matches!(fault, Fault::Local(_)), "{fault:?}");
    }
}
