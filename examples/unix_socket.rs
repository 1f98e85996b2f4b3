//! Talks to a server at a Unix socket, which is a setting like a port. The server is one of the
//! example's own, and must hold the mail at the end.
//!
//! Run it: `cargo run --example unix_socket`

#[cfg(unix)]
use {
    smtp::grammar::Domain,
    smtp::testing::CaptureServer,
    smtp::{Connection, Envelope, Server},
    std::error::Error,
    tokio::io::copy_bidirectional,
    tokio::net::{TcpStream, UnixListener},
};

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    const MAIL: &str = "From: cron@example.com\r\nSubject: Backup\r\n\r\nDone.\r\n";

    // The server for tests has a TCP port: a task listens at the socket, and passes bytes on.
    let capture = CaptureServer::builder().plaintext().start().await?;
    let address = capture.address();
    let path = std::env::temp_dir().join(format!("smtp-example-{}.socket", std::process::id()));
    let listener = UnixListener::bind(&path)?;
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await?;
        let mut server = TcpStream::connect(address).await?;
        copy_bidirectional(&mut client, &mut server).await
    });

    // The name of the server stands in errors, and would be that of its certificate; the port is
    // not used. A Unix socket has no address to say in EHLO, so the client gives its own name.
    let server = Server::new("localhost", 25)
        .client_name("client.example.com".parse::<Domain>()?)
        .unix_socket(&path);
    let connected = Connection::connect(&server).await;
    // Once both ends are there, or will never be, the name has served its purpose.
    std::fs::remove_file(&path)?;
    let mut connection = connected?;
    let envelope = Envelope::new("cron@example.com", ["root@example.com"])?;
    let receipt = connection.deliver(&envelope, MAIL).await?;
    println!("Over {}: {}", path.display(), receipt.reply());
    connection.quit().await?;

    let kept = capture.messages();
    match kept.as_slice() {
        [mail] if mail.content == MAIL && mail.client_name == "client.example.com" => Ok(()),
        _ => Err(format!("the server should hold this mail alone, and holds {kept:?}").into()),
    }
}

#[cfg(not(unix))]
fn main() {
    println!("There are no Unix sockets on this system, so this example does nothing here.");
}
