//! The parts that the tests share: connections in the state under test, each with a scripted
//! server.

// A test that cannot get to where it starts fails there.
#![allow(clippy::expect_used, clippy::panic)]

mod custom_commands;
mod distant;
mod dns;
mod fate;
mod mta;
mod port;
mod proxy;
mod reply_server;
mod slow;
pub mod support;

use smtp::command::Mail;
use smtp::grammar::Domain;
use smtp::state::{Authed, Greeted, InTransaction, Tls};
use smtp::testing::{Peer, Script};
use smtp::{Connection, Error, Plain, Server, TlsConfig};

pub use custom_commands::{Again, Ask, FixedAnswer};
pub use distant::{Distant, ROUND_TRIP};
pub use dns::{Dns, DnsAnswer};
pub use fate::{Fate, each};
pub use mta::{Inbox, Mta};
pub use port::port;
pub use proxy::{PROXY_PASSWORD, PROXY_USER, Speaks, TestProxy, serve as serve_proxy};
pub use reply_server::answer_each;
pub use slow::{Piece, slow};

/// The server of all scripts, and the client's name.
///
/// # Panics
///
/// Never: the name is a domain.
pub fn server() -> Server {
    server_named("mail.example.test", 25)
}

/// A server at a port of this host, and the client's name.
///
/// # Panics
///
/// Never: the name is a domain.
pub fn server_named(host: &str, port: u16) -> Server {
    let name: Domain = "client.example.test".parse().expect("a domain");
    Server::new(host, port).client_name(name)
}

/// The lines of EHLO, with a server that offers these keywords.
pub fn ehlo(offers: &[&str]) -> String {
    let names = std::iter::once(&"mail.example.test").chain(offers);
    let replies = names.enumerate().map(|(index, name)| {
        let separator = if index == offers.len() { ' ' } else { '-' };
        format!("S: 250{separator}{name}\n")
    });
    std::iter::once("C: EHLO client.example.test\n".to_owned()).chain(replies).collect()
}

/// The lines up to `Greeted`.
pub fn hello(offers: &[&str]) -> String {
    format!("S: 220 mail.example.test ESMTP\n{}", ehlo(offers))
}

/// A script that begins with the lines up to `Greeted`.
pub fn script(offers: &[&str], dialogue: &str) -> Script {
    Script::new(&hello(offers)).then(dialogue)
}

/// A connection in `Greeted`.
///
/// # Panics
///
/// When it cannot get there.
pub async fn greeted(script: Script) -> (Connection<Greeted>, Peer) {
    let (stream, peer) = script.start();
    let connection = Connection::from_stream(stream, &server()).await;
    (connection.expect("a greeting and EHLO"), peer)
}

/// A connection in `Tls`, from a script that is inside TLS from the first byte.
///
/// # Panics
///
/// When it cannot get there.
pub async fn secured(offers: &[&str], dialogue: &str) -> (Connection<Tls>, Peer) {
    let script = Script::new("-- tls --").then(&hello(offers)).then(dialogue);
    let (stream, peer) = script.start();
    let connection = Connection::from_tls_stream(stream, &server(), &trust(&peer)).await;
    (connection.expect("TLS, a greeting and EHLO"), peer)
}

/// A connection in `Authed`, with a server that offers these keywords and AUTH PLAIN.
///
/// # Panics
///
/// When it cannot get there.
pub async fn authed(offers: &[&str], dialogue: &str) -> (Connection<Authed>, Peer) {
    let offers: Vec<&str> = offers.iter().copied().chain(["AUTH PLAIN"]).collect();
    let login = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 2.7.0 ok\n";
    let (connection, peer) = secured(&offers, &format!("{login}{dialogue}")).await;
    let connection = connection.authenticate(&mut Plain::new("me", "pencil")).await;
    (connection.expect("a login"), peer)
}

/// A connection in a transaction that begins in `Greeted`.
///
/// # Panics
///
/// When it cannot get there.
pub async fn in_transaction(
    offers: &[&str],
    dialogue: &str,
) -> (Connection<InTransaction<Greeted>>, Peer) {
    let mail = "C: MAIL FROM:<me@example.test>\nS: 250 ok\n";
    let (connection, peer) = greeted(script(offers, &format!("{mail}{dialogue}"))).await;
    let sender: smtp::Mailbox = "me@example.test".parse().expect("an address");
    let transaction = connection.mail(Mail::from(sender)).await;
    (transaction.expect("MAIL accepted"), peer)
}

/// A TLS configuration that trusts the server of a script.
///
/// # Panics
///
/// Never: the authority is one.
pub fn trust(peer: &Peer) -> TlsConfig {
    TlsConfig::builder().root_pem(peer.authority_pem()).build().expect("an authority")
}

/// The error of a call that must not succeed.
///
/// # Panics
///
/// When it did.
pub fn error<T, E: Into<Error>>(result: Result<T, E>) -> Error {
    match result {
        Ok(_) => panic!("the call should have failed"),
        Err(error) => error.into(),
    }
}
