//! TCP connections: every address that a name has, one after the other.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::proto::fault::Fault;

/// Connects to the first address of `host` that answers.
pub(crate) async fn dial(host: &str, port: u16, limit: Duration) -> Result<TcpStream, Fault> {
    let addresses = resolve(host, port).await.map_err(Fault::Unreachable)?;
    let mut failures = Vec::with_capacity(addresses.len());
    let mut kind = io::ErrorKind::NotFound;
    for address in addresses {
        match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Whole flights are written at once; waiting for more would only add a delay.
                stream.set_nodelay(true).map_err(Fault::Unreachable)?;
                return Ok(stream);
            }
            Ok(Err(error)) => {
                kind = error.kind();
                failures.push(format!("{address}: {error}"));
            }
            Err(_) => {
                kind = io::ErrorKind::TimedOut;
                failures.push(format!("{address}: no answer in {limit:?}"));
            }
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
