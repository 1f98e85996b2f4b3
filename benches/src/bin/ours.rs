//! This library as a benchmark client, with the command line that all clients share.
//!
//! With `--reuse` all messages of a task go through `deliver_all`, without it each has a
//! connection of its own. `--mode chunks`, `--bdat` and `--window` choose how messages travel: see
//! [`transfer`]. With `--auth-with-mail` a session begins when its first message is there: see
//! [`Ahead`].

use std::cell::OnceCell;

use bench_common::{Args, FROM, PASS, USER, drive};
use bytes::Bytes;
use smtp::connect::{CapabilityCache, WithMechanismFrom, WithoutTls};
use smtp::connection::Stopped;
use smtp::grammar::Domain;
use smtp::state::{Authed, Greeted, Idle, Tls, Verification};
use smtp::{
    Connection, DeliverError, Envelope, Plain, Receipt, Server, Submission, TlsConfig, Transfer,
};

struct Client {
    session: Session,
    envelope: Envelope,
}

enum Session {
    Ahead(Ahead),
    Greeted(Connection<Greeted>),
    Tls(Connection<Tls>),
    Authed(Connection<Authed>),
}

/// A session that connects with its first message.
#[derive(Clone)]
enum Ahead {
    Clear(Submission<WithoutTls>),
    Login(Submission<WithMechanismFrom<fn() -> Plain>>),
}

thread_local! {
    /// Accepts the certificate of the sink, which is self-signed. One cache of tickets for all.
    static TLS: TlsConfig = TlsConfig::from_rustls(bench_unchecked::config(), Verification::Custom);
    static OFFERS: CapabilityCache = CapabilityCache::new();
    /// Offers are remembered for a submission and its clones.
    static AHEAD: OnceCell<Ahead> = const { OnceCell::new() };
}

fn client_name() -> Domain {
    "client.example".parse().unwrap()
}

fn transfer(args: &Args) -> Transfer {
    match (args.mode.as_str(), args.bdat) {
        ("", false) => Transfer::data(),
        ("", true) => Transfer::eager().window(args.window, 4 << 20),
        ("chunks", _) => Transfer::chunks(),
        (other, _) => panic!("--mode {other}"),
    }
}

fn server(args: &Args) -> Server {
    let server = Server::new(args.addr.ip().to_string(), args.addr.port());
    let server = server.client_name(client_name()).transfer(transfer(args));
    if args.cache { OFFERS.with(|offers| server.capability_cache(offers)) } else { server }
}

fn ahead(args: &Args) -> Ahead {
    let to = Submission::new(args.addr.ip().to_string()).port(args.addr.port());
    let to = to.client_name(client_name()).transfer(transfer(args));
    let to = if args.cache { OFFERS.with(|offers| to.capability_cache(offers)) } else { to };
    if !args.auth {
        return Ahead::Clear(to.without_tls());
    }
    let to = to.tls(tls()).pipeline_auth();
    let to = if args.implicit { to.implicit_tls() } else { to };
    Ahead::Login(to.auth_with(|| Plain::new(USER, PASS)))
}

fn tls() -> TlsConfig {
    TLS.with(TlsConfig::clone)
}

async fn connect(args: &'static Args) -> Client {
    let recipients = (0..args.rcpts).map(|index| args.rcpt(index));
    let envelope = Envelope::new(FROM, recipients).unwrap();
    // A submission sends credentials inside TLS alone, and has a message ahead of them.
    let session = if args.auth_with_mail && args.auth == (args.starttls || args.implicit) {
        Session::Ahead(AHEAD.with(|one| one.get_or_init(|| ahead(args)).clone()))
    } else {
        session(args, &server(args)).await
    };
    Client { session, envelope }
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
        Session::Ahead(ahead) => {
            let (connected, receipt) = begin(ahead, envelope, message).await;
            *session = connected;
            receipt
        }
        Session::Greeted(connection) => connection.deliver(envelope, message).await,
        Session::Tls(connection) => connection.deliver(envelope, message).await,
        Session::Authed(connection) => connection.deliver(envelope, message).await,
    };
    assert!(receipt.unwrap().is_complete());
}

/// Connects with the first message.
async fn begin(
    ahead: &Ahead,
    envelope: &Envelope,
    message: Bytes,
) -> (Session, Result<Receipt, DeliverError>) {
    match ahead {
        Ahead::Clear(submission) => {
            let (greeted, receipt) =
                submission.connect_and_deliver(envelope, message).await.unwrap();
            (Session::Greeted(greeted), receipt)
        }
        Ahead::Login(submission) => {
            let (authed, receipt) =
                submission.connect_and_deliver(envelope, message).await.unwrap();
            (Session::Authed(authed), receipt)
        }
    }
}

async fn send_all(client: &mut Client, args: &'static Args, message: &'static [u8], count: usize) {
    let mut left = count;
    if left > 0 && matches!(client.session, Session::Ahead(_)) {
        send(client, args, message).await;
        left -= 1;
    }
    let Client { session, envelope } = client;
    match session {
        Session::Ahead(_) => {}
        Session::Greeted(connection) => stream(connection, envelope, message, left).await,
        Session::Tls(connection) => stream(connection, envelope, message, left).await,
        Session::Authed(connection) => stream(connection, envelope, message, left).await,
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
        // It has had no message.
        Session::Ahead(Ahead::Clear(submission)) => {
            submission.connect().await.unwrap().quit().await
        }
        Session::Ahead(Ahead::Login(submission)) => {
            submission.connect().await.unwrap().quit().await
        }
        Session::Greeted(connection) => connection.quit().await,
        Session::Tls(connection) => connection.quit().await,
        Session::Authed(connection) => connection.quit().await,
    }
    .unwrap();
}

drive!("ours", send_all);
