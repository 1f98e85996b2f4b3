//! The address at the other end of a connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use smtp::connection::AnyConnection;
use smtp::testing::Script;
use smtp::transport::{Connect, Connected, Target};
use smtp::{Connection, Server};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Reads the greeting before the session does.
#[derive(Debug)]
struct Early(SocketAddr);

impl Connect for Early {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async {
            let mut stream = BufReader::new(TcpStream::connect(self.0).await?);
            let mut greeting = Vec::new();
            stream.read_until(b'\n', &mut greeting).await?;
            Ok(Connected::from(stream.into_inner()).with_early_bytes(greeting))
        })
    }
}

#[tokio::test]
async fn a_socket_says_the_address_of_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let address = listener.local_addr().expect("an address");
    let server = Server::new("127.0.0.1", address.port());
    for server in [server.clone(), server.connector(Early(address))] {
        let peer = async {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 hi\r\n").await.expect("a reader");
            stream.read_line(&mut String::new()).await.expect("a line");
            stream.write_all(b"250 hi\r\n").await.expect("a reader");
            stream
        };
        let (connection, _peer) = tokio::join!(Connection::connect(&server), peer);
        let connection = connection.expect("a session");
        assert_eq!(connection.peer_address(), Some(address));
        assert_eq!(AnyConnection::from(connection).peer_address(), Some(address));
    }
}

#[tokio::test]
async fn a_stream_of_the_callers_own_has_none() {
    let (stream, _peer) = Script::new("S: 220 hi\nC: EHLO [127.0.0.1]\nS: 250 hi").start();
    let server = Server::new("mail.example.test", 25);
    let connection = Connection::from_stream(stream, &server).await.expect("a session");
    assert_eq!(connection.peer_address(), None);
}
