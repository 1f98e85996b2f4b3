//! This library as a client that connects with its first message in hand: with `--auth` MAIL and
//! RCPT leave with AUTH, inside TLS; without it, in clear, with an EHLO that leaves early (`--cache`).
//!
//! Apart from `ours`, whose figures would be others with more ways of sending in the program.

use std::cell::OnceCell;

use bench_common::{Args, FROM, PASS, USER, drive};
use benches::client::{client_name, offers, tls, transfer};
use bytes::Bytes;
use smtp::connect::{WithMechanismFrom, WithoutTls};
use smtp::state::{Authed, Greeted};
use smtp::{Connection, Envelope, Plain, Submission};

enum Session {
    /// Not begun. Offers are remembered for a submission and its clones.
    InClear(Submission<WithoutTls>),
    WithAuth(Login),
    Greeted(Connection<Greeted>),
    Authed(Connection<Authed>),
}

type Login = Submission<WithMechanismFrom<fn() -> Plain>>;

fn session(args: &Args) -> Session {
    thread_local! {
        static LOGIN: OnceCell<Login> = const { OnceCell::new() };
    }
    assert_eq!(args.auth, args.starttls || args.implicit, "--auth is for TLS, and TLS for --auth");
    let to = Submission::new(args.addr.ip().to_string()).port(args.addr.port());
    let to = to.client_name(client_name()).transfer(transfer(args));
    let to = if args.cache { to.capability_cache(&offers()) } else { to };
    if !args.auth {
        return Session::InClear(to.without_tls());
    }
    let to = to.tls(tls()).pipeline_auth();
    let to = if args.implicit { to.implicit_tls() } else { to };
    let make: fn() -> Plain = || Plain::new(USER, PASS);
    Session::WithAuth(LOGIN.with(|one| one.get_or_init(|| to.auth_with(make)).clone()))
}

async fn connect(args: &'static Args) -> Option<Session> {
    Some(session(args))
}

async fn send(session: &mut Option<Session>, args: &'static Args, message: &'static [u8]) {
    let envelope = Envelope::new(FROM, (0..args.rcpts).map(|index| args.rcpt(index))).unwrap();
    let message = Bytes::from_static(message);
    let (next, receipt) = match session.take().unwrap() {
        Session::InClear(submission) => {
            let begun = submission.connect_and_deliver(&envelope, message).await;
            let (connection, receipt) = begun.unwrap();
            (Session::Greeted(connection), receipt)
        }
        Session::WithAuth(submission) => {
            let begun = submission.connect_and_deliver(&envelope, message).await;
            let (connection, receipt) = begun.unwrap();
            (Session::Authed(connection), receipt)
        }
        Session::Greeted(mut connection) => {
            let receipt = connection.deliver(&envelope, message).await;
            (Session::Greeted(connection), receipt)
        }
        Session::Authed(mut connection) => {
            let receipt = connection.deliver(&envelope, message).await;
            (Session::Authed(connection), receipt)
        }
    };
    assert!(receipt.unwrap().is_complete());
    *session = Some(next);
}

async fn quit(session: Option<Session>) {
    match session.unwrap() {
        // It has had no message.
        Session::InClear(submission) => submission.connect().await.unwrap().quit().await,
        Session::WithAuth(submission) => submission.connect().await.unwrap().quit().await,
        Session::Greeted(connection) => connection.quit().await,
        Session::Authed(connection) => connection.quit().await,
    }
    .unwrap();
}

drive!("first");
