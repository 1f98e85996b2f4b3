//! The name in EHLO: the caller's, or the address of the socket, which is never `localhost`.

use std::io::Write as _;

use smtp::grammar::Host;
use smtp::{Connection, Server};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

/// The first line of a client that connects to this address of the loopback.
async fn said(address: &str, name: Option<Host>) -> Option<String> {
    let listener = match TcpListener::bind((address, 0)).await {
        Ok(listener) => listener,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "skipped: no address {address} here: {error}");
            return None;
        }
    };
    let port = listener.local_addr().expect("an address").port();
    let mut server = Server::new(address, port);
    if let Some(name) = name {
        server = server.client_name(name);
    }
    let client = Connection::connect(&server);
    let peer = async {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 hi\r\n").await.expect("a reader");
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("a line");
        line
    };
    let (_, line) = tokio::join!(client, peer);
    Some(line)
}

#[tokio::test]
async fn without_a_name_it_is_the_address_of_the_socket() {
    for (address, line) in [
        ("127.0.0.1", "EHLO [127.0.0.1]\r\n"),
        ("::1", "EHLO [IPv6:::1]\r\n"),
        ("::ffff:127.0.0.1", "EHLO [127.0.0.1]\r\n"),
    ] {
        if let Some(said) = said(address, None).await {
            assert_eq!(said, line, "{address}");
        }
    }
}

#[tokio::test]
async fn the_name_of_the_caller_is_checked_once() {
    let name: Host = "client.example.test".parse().expect("a name");
    let line = said("127.0.0.1", Some(name)).await.expect("IPv4");
    assert_eq!(line, "EHLO client.example.test\r\n");
    let dot = "client.example.".parse::<smtp::grammar::Domain>().expect_err("a dot");
    assert_eq!(dot.to_string(), "not a valid domain: leave out the dot at its end");
    for wrong in ["", ".", "client.example.", "a b", "a\r\nb", "my_host", "[fe80::1%eth0]", "::1"] {
        assert!(wrong.parse::<Host>().is_err(), "{wrong:?}");
    }
}

/// The zone of an address is known to this machine alone (RFC 4007 §11).
#[tokio::test]
async fn the_literal_has_no_zone() {
    use smtp::testing::Script;
    use smtp::transport::{Connect, Connected, Target};

    #[derive(Debug)]
    struct LinkLocal(std::sync::Mutex<Option<Connected>>);

    impl Connect for LinkLocal {
        fn connect<'a>(
            &'a self,
            _target: &'a Target,
        ) -> std::pin::Pin<Box<dyn Future<Output = std::io::Result<Connected>> + Send + 'a>>
        {
            Box::pin(async { Ok(self.0.lock().expect("one").take().expect("one")) })
        }
    }

    let dialogue = "S: 220 hi\nC: EHLO [IPv6:fe80::1]\nS: 250 hi\n-- silence --";
    let (stream, peer) = Script::new(dialogue).start();
    let local = "[fe80::1%7]:49152".parse().expect("an address");
    let connected = Connected::new(stream).from_local(local);
    let server = Server::new("192.0.2.1", 25);
    let server = server.connector(LinkLocal(std::sync::Mutex::new(Some(connected))));
    Connection::connect(&server).await.expect("a session");
    assert!(peer.dialogue().contains("C: EHLO [IPv6:fe80::1]"), "{}", peer.dialogue());
}
