//! Whose fault it is where no stream comes about: that of the name that the caller gave, of this
//! machine, or of the way to the server.

use std::io;
use std::sync::Arc;

use super::failed::{Failed, Step, cannot_resolve, no_address, with_text};
use super::resolve::NoRuntime;
#[cfg(unix)]
use super::unix::SocketError;
use crate::error::proxy::ProxyError;
use crate::proto::attempt::Listed;
use crate::proto::fault::Fault;

/// The fault of a name that was not resolved.
pub(super) fn unresolved(name: &str, error: Arc<io::Error>) -> Fault {
    if NoRuntime::is_in(&error) {
        return Fault::NoRuntime;
    }
    let text = cannot_resolve(name, &error);
    match LocalCause::of(&error) {
        Some(cause) => cause.fault(&text, error),
        None => Fault::Unresolved(with_text(
            error.kind(),
            format!("{text}; check its spelling, and that this machine can ask its resolver"),
            error,
        )),
    }
}

/// The fault where no target could be connected to: at least one. One that was asked says more than
/// those that this machine could not even ask, and each of them more than a name.
pub(super) fn failed(hosts: &str, failures: &[Failed]) -> Fault {
    if failures.iter().any(|failed| NoRuntime::is_in(&failed.error)) {
        return Fault::NoRuntime;
    }
    if let [Failed { step, error, .. }] = failures {
        match step {
            Step::Resolve(name) => return unresolved(name, Arc::clone(error)),
            Step::Choose => {
                let text = error.to_string();
                return Fault::InvalidHost(with_text(error.kind(), text, Arc::clone(error)));
            }
            Step::Connect => {}
        }
    }
    let tried: Vec<_> = failures.iter().map(Failed::attempt).collect();
    let text = format!("cannot connect to {hosts}: {}", Listed(&tried));
    let asked = failures.iter().filter(|failed| matches!(failed.step, Step::Connect));
    let causes = asked.map(|failed| (LocalCause::of(&failed.error), &failed.error));
    match causes.reduce(|a, b| if a.0.is_none() && b.0.is_some() { a } else { b }) {
        Some((Some(cause), error)) => cause.fault(&text, Arc::clone(error)),
        Some((None, error)) => Fault::Unreachable(with_text(error.kind(), text, Arc::clone(error))),
        None => {
            let error = failures
                .last()
                .map_or_else(|| Arc::new(no_address()), |failed| Arc::clone(&failed.error));
            Fault::Unresolved(with_text(error.kind(), text, error))
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
    /// A proxy gave no stream: it belongs to this side, and its error says what to do.
    Proxy,
    /// A Unix socket, with what to do.
    #[cfg(unix)]
    Socket(&'static str),
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
        if ProxyError::find_in(error).is_some() {
            return Some(Self::Proxy);
        }
        #[cfg(unix)]
        if let Some(advice) = SocketError::advice_in(error) {
            return Some(Self::Socket(advice));
        }
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

    fn fault(self, text: &str, error: Arc<io::Error>) -> Fault {
        // Lasting ones are told from passing ones by their kind.
        let kind = if self == Self::Family { io::ErrorKind::Unsupported } else { error.kind() };
        let text =
            self.advice().map_or_else(|| text.to_owned(), |advice| format!("{text}; {advice}"));
        Fault::Local(with_text(kind, text, error))
    }

    fn advice(self) -> Option<&'static str> {
        Some(match self {
            Self::Proxy => return None,
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
            #[cfg(unix)]
            Self::Socket(advice) => advice,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::net::SocketAddr;
    use std::time::Duration;

    use io::ErrorKind as Kind;

    use super::*;
    use crate::error::Blame;
    use crate::error::lost::Lost;

    fn failed_with(errors: Vec<io::Error>) -> Lost {
        let address = SocketAddr::from(([192, 0, 2, 1], 25));
        let failures: Vec<_> = errors
            .into_iter()
            .map(|error| Failed {
                step: Step::Connect,
                address: Some(address),
                error: Arc::new(error),
                took: Duration::from_millis(7),
            })
            .collect();
        Lost::new(failed("mail.example.com port 25", &failures), None)
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
        let lost = Lost::new(unresolved("mail.example.com", Arc::new(error)), None);
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
        let fault =
            unresolved("mail.example.com", Arc::new(io::Error::from_raw_os_error(of_process)));
        assert!(matches!(fault, Fault::Local(_)), "{fault:?}");
    }
}
