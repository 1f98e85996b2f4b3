//! The connector of TCP.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};

use super::connector::Connect;
use super::resolve::NoRuntime;
use super::target::{Connected, Target};

/// TCP, with the sockets of the tokio runtime that the connection is opened in. It is the default
/// connector.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Connect for Tcp {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move { Ok(Connected::from(socket_to(target).await?)) })
    }
}

async fn socket_to(target: &Target) -> io::Result<TcpStream> {
    NoRuntime::check()?;
    let Some(address) = target.address() else {
        let error = format!("the connector `Tcp` was given no address of {}", target.host());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, error));
    };
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    if let Some(local) = target.local_address() {
        socket.bind(SocketAddr::new(local, 0)).map_err(|error| {
            let text = format!("this machine cannot connect from {local}: {error}");
            io::Error::new(error.kind(), text)
        })?;
    }
    let stream = socket.connect(address).await?;
    // Whole flights are written at once; waiting for more would only add a delay. A socket that
    // does not take these options still carries mail.
    let _ = stream.set_nodelay(true);
    if let Some(idle) = target.keepalive() {
        let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle));
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_socket_sends_at_once_and_asks_after_a_silence() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut target = Target::new("mail.example.com", 25).at(address);
        let stream = socket_to(&target).await.expect("a connection");
        assert!(stream.nodelay().expect("an option"));
        assert!(!SockRef::from(&stream).keepalive().expect("an option"));

        target.keepalive = Some(Duration::from_secs(77));
        let stream = socket_to(&target).await.expect("a connection");
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().expect("an option"));
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_keepalive_time().expect("an option"), Duration::from_secs(77));
        let connected = Connected::from(stream);
        assert_eq!(connected.local.map(|local| local.ip()), Some(address.ip()));
    }

    #[tokio::test]
    async fn a_name_is_no_address() {
        let error = socket_to(&Target::new("mail.example.com", 25)).await.expect_err("a name");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
