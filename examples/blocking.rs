//! Sends mail from a program without a runtime: each call blocks until it is done. Then threads
//! share the connection. The server is one of the example's own, on a thread of its own, and must
//! hold the mail at the end.
//!
//! Run it: `cargo run --example blocking`

use std::error::Error;
use std::sync::mpsc;
use std::thread;

use smtp::blocking::{Connection, Submission};
use smtp::state::Authed;
use smtp::testing::CaptureServer;
use smtp::{Body, Envelope, Plain, TlsConfig};

const MAIL: &str = "From: Me <me@example.com>\r\n\
    To: You <you@example.org>\r\n\
    Subject: Lunch\r\n\
    \r\n\
    At noon?\r\n";

fn main() -> Result<(), Box<dyn Error>> {
    let server = start_server()?;

    // The port is 587 and the roots are those of the system, where nothing else is said. The
    // server of this example has another port, and a certificate that no system knows.
    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build()?;
    let mut connection: Connection<Authed> = Submission::new(server.host())
        .port(server.port())
        .tls(tls)
        .auth(Plain::new("me", "pencil"))
        .connect()?;
    let envelope = Envelope::new("me@example.com", ["you@example.org"])?;
    let receipt = connection.deliver(&envelope, MAIL)?;
    println!("The server took the mail: {}", receipt.reply());

    // A file is read while it is sent: it is never held whole in memory.
    let path = std::env::temp_dir().join(format!("smtp-example-{}.eml", std::process::id()));
    std::fs::write(&path, MAIL)?;
    let body = Body::blocking_file(&path);
    std::fs::remove_file(&path)?;
    connection.deliver(&envelope, body?)?;

    // Threads share the connection. No other thread is started for it: one of those that wait
    // sends and reads for all of them.
    let (feed, feeding) = connection.feed();
    thread::scope(|scope| {
        for number in 1..=4 {
            let (feed, envelope) = (feed.clone(), envelope.clone());
            scope.spawn(move || match feed.deliver(envelope, MAIL) {
                Ok(receipt) => println!("Thread {number}: {}", receipt.reply()),
                Err(error) => println!("Thread {number}: {error}"),
            });
        }
    });
    drop(feed);
    feeding.wait()?.quit()?;

    let kept = server.messages();
    if kept.len() != 6 || kept.iter().any(|mail| mail.content != MAIL) {
        return Err(format!("the server should hold the mail six times: {kept:?}").into());
    }
    Ok(())
}

/// Starts a server on a thread of its own, for as long as this program runs.
fn start_server() -> Result<CaptureServer, Box<dyn Error>> {
    let (sender, started) = mpsc::channel();
    thread::spawn(move || -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let server = CaptureServer::builder().user("me", "pencil").require_auth();
            let _ = sender.send(server.start().await);
            std::future::pending().await
        })
    });
    Ok(started.recv()??)
}
