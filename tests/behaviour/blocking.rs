//! Connections whose calls block: the servers run on threads of their own.

mod bodies;
mod feed;
mod inside;
mod own_commands;
mod session;
mod threads;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use smtp::blocking::{Connection, Submission};
use smtp::state::{Authed, Greeted};
use smtp::testing::{CaptureServer, CaptureServerBuilder};
use smtp::{Envelope, Plain, Server, TlsConfig};
use tests::server_named;
use tokio::sync::oneshot;

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["you@example.org"]).expect("addresses")
}

/// A capture server on a thread of its own.
struct Capture {
    server: CaptureServer,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Capture {
    fn start(builder: CaptureServerBuilder) -> Self {
        let (sender, receiver) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let server = builder.start().await.expect("a server");
                sender.send(server).expect("a test");
                let _ = stopped.await;
            });
        });
        let server = receiver.recv().expect("a server");
        Self { server, stop: Some(stop), thread: Some(thread) }
    }

    /// One that speaks in clear, and its address.
    fn in_clear() -> (Self, Server) {
        let capture = Self::start(CaptureServer::builder().plaintext());
        let server = server_at(capture.server.address());
        (capture, server)
    }

    /// One with a user, inside TLS.
    fn with_user() -> (Self, Submission) {
        let capture = Self::start(CaptureServer::builder().user("me", "pencil").require_auth());
        let tls = TlsConfig::builder().root_pem(capture.server.authority_pem()).build();
        let submission = Submission::new(capture.server.host())
            .port(capture.server.port())
            .at([capture.server.address()])
            .tls(tls.expect("a root"));
        (capture, submission)
    }

    /// The messages that were taken.
    fn contents(&self) -> Vec<Vec<u8>> {
        self.server.messages().iter().map(|message| message.content.to_vec()).collect()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn server_at(address: SocketAddr) -> Server {
    server_named("127.0.0.1", address.port())
}

fn greeted(server: &Server) -> Connection<Greeted> {
    Connection::connect(server).expect("a greeting and EHLO")
}

fn authed(submission: Submission) -> Connection<Authed> {
    submission.auth(Plain::new("me", "pencil")).connect().expect("a login")
}

/// A server on a thread: of each step it reads lines until one begins with the first word, then
/// says the second. `next` lets it go on where the word is "wait". At the end it closes.
struct Lines {
    server: Server,
    next: mpsc::Sender<()>,
    done: mpsc::Receiver<()>,
}

impl Lines {
    fn start(steps: &'static [(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let server = server_at(listener.local_addr().expect("an address"));
        let (next, goes_on) = mpsc::channel();
        let (sender, done) = mpsc::channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut lines = BufReader::new(stream.try_clone().expect("a socket")).lines();
            for (word, reply) in steps {
                match *word {
                    "" => {}
                    "wait" => goes_on.recv().expect("a test"),
                    word => {
                        while !lines.next().expect("a line").expect("a line").starts_with(word) {}
                    }
                }
                stream.write_all(reply.as_bytes()).expect("a client");
            }
            drop((stream, lines));
            let _ = sender.send(());
        });
        Self { server, next, done }
    }

    /// Lets the server go on, and waits until it has closed.
    fn close(&self) {
        self.next.send(()).expect("a server");
        self.done.recv().expect("a server");
    }
}

const HELLO: (&str, &str) = ("EHLO", "250-mail.example.test\r\n250 PIPELINING\r\n");
