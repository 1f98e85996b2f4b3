//! TCP connections: every address that a name has, one after the other.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::runtime::Handle;

use super::clock::{Clock, Expired, deadline, timeout_at};
use crate::proto::fault::Fault;

/// Connects to the first address of `host` that answers. Each gets the time `limit`.
///
/// # Errors
///
/// [`Fault::Unreachable`] with the reason of each address; of the kind `Unsupported` outside a
/// tokio runtime, whose sockets these are. [`Fault::NoTimer`] when the clock has no timers.
pub(crate) async fn connect(
    clock: &dyn Clock,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<TcpStream, Fault> {
    if Handle::try_current().is_err() {
        // Tokio would panic.
        return Err(Fault::Unreachable(io::Error::new(
            io::ErrorKind::Unsupported,
            format!(
                "cannot connect to {host} port {port}: there is no tokio runtime here; run inside \
                 one with I/O enabled, or give a stream of your own to `Connection::from_stream`"
            ),
        )));
    }
    let addresses = resolve(host, port).await.map_err(Fault::Unreachable)?;
    let mut failures = Vec::with_capacity(addresses.len());
    let mut kind = io::ErrorKind::NotFound;
    for address in addresses {
        let latest = deadline(clock, limit);
        match timeout_at(clock, latest, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Whole flights are written at once; waiting for more would only add a delay.
                stream.set_nodelay(true).map_err(Fault::Unreachable)?;
                return Ok(stream);
            }
            Ok(Err(error)) => {
                kind = error.kind();
                failures.push(format!("{address}: {error}"));
            }
            Err(Expired::Late) => {
                kind = io::ErrorKind::TimedOut;
                failures.push(format!("{address}: no answer in {limit:?}"));
            }
            Err(Expired::NoTimer(error)) => return Err(Fault::NoTimer(error)),
        }
    }
    let reason = if failures.is_empty() {
        "the name has no address".to_owned()
    } else {
        failures.join("; ")
    };
    Err(Fault::Unreachable(io::Error::new(
        kind,
        format!("cannot connect to {host} port {port}: {reason}"),
    )))
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if let Ok(address) = literal.unwrap_or(host).parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    lookup_host((host, port)).await.map(Iterator::collect).map_err(|error| {
        io::Error::new(error.kind(), format!("cannot resolve the name {host}: {error}"))
    })
}
