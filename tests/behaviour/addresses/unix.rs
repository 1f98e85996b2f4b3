//! Servers at Unix sockets.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use smtp::error::{Blame, Fault};
use smtp::testing::{Certificate, Script};
use smtp::transport::Unix;
use smtp::{Connection, Error, Lost, Server, Submission, TlsConfig};
use tests::{error, hello};
use tokio::io::copy_bidirectional;
use tokio::net::UnixListener;

/// A folder for sockets, which goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("smtp-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server at a path that plays a script for one client.
fn serve(path: &Path, script: Script) {
    let listener = UnixListener::bind(path).expect("a socket");
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.expect("a client");
        let (mut server, _peer) = script.start();
        copy_bidirectional(&mut client, &mut server).await
    });
}

#[tokio::test]
async fn a_session_needs_no_name_and_no_address() {
    let folder = Folder::new("unix");
    let path = folder.path("smtp");
    serve(&path, Script::new("S: 220 hi\nC: EHLO [127.0.0.1]\nS: 250 hi\nC: QUIT\nS: 221 bye\n"));
    // Nothing is looked up: there is no such name.
    let server = Server::new("no-such-name.invalid", 25).unix_socket(&path);
    let connection = Connection::connect(&server).await.expect("a session");
    connection.quit().await.expect("QUIT");
}

/// The later call decides where the server is.
#[tokio::test]
async fn an_address_takes_the_place_of_a_socket() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let to = |server: Server| async move {
        match error(Connection::connect(&server).await) {
            Error::Lost(lost) => {
                lost.attempts().iter().map(ToString::to_string).collect::<Vec<_>>()
            }
            error => panic!("{error}"),
        }
    };
    let socket = || Server::new("localhost", 25).unix_socket("/no/such/socket");
    let attempts = to(socket().at([address, address])).await;
    assert!(attempts.iter().all(|attempt| !attempt.contains("/no/such/socket")), "{attempts:?}");
    let attempts = to(socket().at([address]).unix_socket("/no/such/socket")).await;
    assert!(attempts.len() == 1 && attempts[0].contains("/no/such/socket"), "{attempts:?}");
    let attempts = to(socket().connector(Unix::new("/another")).at([address])).await;
    assert!(attempts[0].contains("/another"), "a connector of the caller's stays: {attempts:?}");
}

/// Where a server is says nothing of who it is.
#[tokio::test]
async fn the_certificate_is_for_the_name() {
    let folder = Folder::new("unix-tls");
    let certificate = Certificate::new(&["mail.example.test"]);
    let tls = TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("a root");
    let connect = |host: &str, path: PathBuf| {
        let script = Script::new("-- tls --").then(&hello(&[])).then("-- silence --");
        serve(&path, script.certificate(&certificate));
        let name: smtp::grammar::Domain = "client.example.test".parse().expect("a name");
        let submission = Submission::new(host).implicit_tls().tls(tls.clone()).client_name(name);
        async move { submission.unix_socket(path).connect().await }
    };
    connect("mail.example.test", folder.path("right")).await.expect("a session");
    let wrong = error(connect("mail.example.com", folder.path("wrong")).await);
    assert!(wrong.to_string().contains("is for mail.example.test, and not for mail.example.com"));
}

async fn lost(path: &Path) -> Lost {
    match error(Connection::connect(&Server::new("localhost", 25).unix_socket(path)).await) {
        Error::Lost(lost) => lost,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_socket_that_is_not_there_is_this_machines_fault() {
    let folder = Folder::new("unix-none");
    let file = folder.path("file");
    std::fs::write(&file, "no socket").expect("a file");
    let packets = folder.path("packets");
    let _packets = UnixDatagram::bind(&packets).expect("a socket");
    let long = folder.path(&"x".repeat(200));
    let table = [
        (folder.path("missing"), true, "it does not exist", "start the server, or give the path"),
        (file.clone(), false, "the file is no socket", "give the path that the server listens at"),
        (file.join("x"), false, "a part of the path is no folder", "give the path that the server"),
        (packets, false, "a socket of another type", "give the path at which the server speaks"),
        (long, false, "no socket can have this path", "have the server listen at a shorter one"),
    ];
    for (path, transient, problem, advice) in table {
        let lost = lost(&path).await;
        let (text, path) = (lost.to_string(), path.to_string_lossy());
        let expected = format!("cannot connect to localhost port 25: the socket {path:?}: ");
        assert!(text.starts_with(&expected), "{text}");
        assert!(text.contains(problem) && text.contains(&format!("; {advice}")), "{text}");
        assert!(matches!(lost.fault(), Fault::Local(_)), "{lost:?}");
        assert_eq!((lost.blame(), lost.is_transient()), (Blame::Local, transient), "{text}");
        let [attempt] = lost.attempts() else { panic!("{lost:?}") };
        assert!(attempt.to_string().contains(&format!("{path:?}")), "{attempt}");
    }

    // A server that has ended leaves its socket.
    let left = folder.path("left");
    drop(UnixListener::bind(&left).expect("a socket"));
    let lost = lost(&left).await;
    assert!(lost.to_string().contains("no server listens at it"), "{lost}");
    assert!(matches!(lost.fault(), Fault::Unreachable(_)), "{lost:?}");
    assert_eq!((lost.blame(), lost.is_transient()), (Blame::Network, true));
}
