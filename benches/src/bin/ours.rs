//! This library as a benchmark client, with the command line that all clients share.
//!
//! With `--reuse` all messages of a task go through `deliver_all`, without it each has a
//! connection of its own. `--mode chunks`, `--bdat` and `--window` choose how messages travel: see
//! [`transfer`].

use bench_common::{Args, FROM, PASS, USER, drive};
use benches::client::{client_name, offers, tls, transfer};
use bytes::Bytes;
use smtp::connection::Stopped;
use smtp::state::{Authed, Greeted, Idle, Tls};
use smtp::{Connection, Envelope, Plain, Server};

struct Client {
    session: Session,
    envelope: Envelope,
}

enum Session {
    Greeted(Connection<Greeted>),
    Tls(Connection<Tls>),
    Authed(Connection<Authed>),
}

fn server(args: &Args) -> Server {
    let server = Server::new(args.addr.ip().to_string(), args.addr.port());
    let server = server.client_name(client_name()).transfer(transfer(args));
    if args.cache { server.capability_cache(&offers()) } else { server }
}

async fn connect(args: &'static Args) -> Client {
    let recipients = (0..args.rcpts).map(|index| args.rcpt(index));
    let envelope = Envelope::new(FROM, recipients).unwrap();
    Client { session: session(args, &server(args)).await, envelope }
}

async fn session(args: &Args, server: &Server) -> Session {
    let mut plain = Plain::new(USER, PASS);
    let secured = if args.implicit {
        Connection::connect_tls(server, &tls()).await.unwrap()
    } else {
        let greeted = Connection::connect(server).await.unwrap();
        match (args.starttls, args.auth) {
            (true, _) => greeted.starttls(&tls()).await.unwrap(),
            (false, false) => return Session::Greeted(greeted),
            (false, true) => {
                let authed = greeted.dangerous().authenticate(&mut plain).await;
                return Session::Authed(authed.unwrap());
            }
        }
    };
    if args.auth {
        Session::Authed(secured.authenticate(&mut plain).await.unwrap())
    } else {
        Session::Tls(secured)
    }
}

async fn send(client: &mut Client, _: &'static Args, message: &'static [u8]) {
    let message = Bytes::from_static(message);
    let Client { session, envelope } = client;
    let receipt = match session {
        Session::Greeted(connection) => connection.deliver(envelope, message).await,
        Session::Tls(connection) => connection.deliver(envelope, message).await,
        Session::Authed(connection) => connection.deliver(envelope, message).await,
    };
    assert!(receipt.unwrap().is_complete());
}

async fn send_all(client: &mut Client, _: &'static Args, message: &'static [u8], count: usize) {
    let Client { session, envelope } = client;
    match session {
        Session::Greeted(connection) => stream(connection, envelope, message, count).await,
        Session::Tls(connection) => stream(connection, envelope, message, count).await,
        Session::Authed(connection) => stream(connection, envelope, message, count).await,
    }
}

async fn stream<H: Idle>(
    connection: &mut Connection<H>,
    envelope: &Envelope,
    message: &'static [u8],
    count: usize,
) {
    let messages = (0..count).map(|_| (envelope, Bytes::from_static(message)));
    let mut taken = 0;
    let delivered = connection.deliver_all(messages, |_, receipt| {
        assert!(receipt.unwrap().is_complete());
        taken += 1;
    });
    assert_eq!(delivered.await.unwrap(), Stopped::Exhausted);
    assert_eq!(taken, count);
}

async fn quit(client: Client) {
    match client.session {
        Session::Greeted(connection) => connection.quit().await,
        Session::Tls(connection) => connection.quit().await,
        Session::Authed(connection) => connection.quit().await,
    }
    .unwrap();
}

drive!("ours", send_all);
