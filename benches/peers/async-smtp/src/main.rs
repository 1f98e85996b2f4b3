//! async-smtp, on a BufStream as its example shows. It pipelines by default;
//! without `--pipelining` that is switched off.
use async_smtp::authentication::{Credentials, Mechanism};
use async_smtp::extension::ClientId;
use async_smtp::{Envelope, SendableEmail, SmtpClient, SmtpTransport};
use bench_common::*;
use tokio::io::BufStream;
use tokio::net::TcpStream;
use tokio_rustls::rustls;

enum Conn {
    Plain(SmtpTransport<BufStream<TcpStream>>),
    Tls(Box<SmtpTransport<BufStream<tokio_rustls::client::TlsStream<TcpStream>>>>),
}
struct C {
    conn: Conn,
    env: Envelope,
}

async fn inside_tls(s: TcpStream) -> tokio_rustls::client::TlsStream<TcpStream> {
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(bench_unchecked::config());
    connector.connect(name, s).await.unwrap()
}

async fn connect(a: &'static Args) -> C {
    let s = TcpStream::connect(a.addr).await.unwrap();
    if a.nodelay {
        s.set_nodelay(true).unwrap();
    }
    let client = || {
        SmtpClient::new()
            .hello_name(ClientId::Domain("client.example".into()))
            .pipelining(a.pipelining)
    };
    let mut conn = if a.implicit {
        let t = SmtpTransport::new(client(), BufStream::new(inside_tls(s).await)).await.unwrap();
        Conn::Tls(Box::new(t))
    } else {
        let t = SmtpTransport::new(client(), BufStream::new(s)).await.unwrap();
        if a.starttls {
            let s = inside_tls(t.starttls().await.unwrap().into_inner()).await;
            let t = SmtpTransport::new(client().without_greeting(), BufStream::new(s)).await;
            Conn::Tls(Box::new(t.unwrap()))
        } else {
            Conn::Plain(t)
        }
    };
    if a.auth {
        let c = Credentials::new(USER.into(), PASS.into());
        match &mut conn {
            Conn::Plain(t) => t.try_login(&c, &[Mechanism::Plain]).await.unwrap(),
            Conn::Tls(t) => t.try_login(&c, &[Mechanism::Plain]).await.unwrap(),
        }
    }
    let to = (0..a.rcpts).map(|i| a.rcpt(i).parse().unwrap()).collect();
    C { conn, env: Envelope::new(Some(FROM.parse().unwrap()), to).unwrap() }
}

async fn send(c: &mut C, _a: &'static Args, msg: &'static [u8]) {
    // The reader form: the byte form would clone the message first.
    let m = SendableEmail::new_with_reader(c.env.clone(), Box::new(msg));
    match &mut c.conn {
        Conn::Plain(t) => drop(t.send(m).await.unwrap()),
        Conn::Tls(t) => drop(t.send(m).await.unwrap()),
    }
}

async fn quit(c: C) {
    match c.conn {
        Conn::Plain(mut t) => t.quit().await.unwrap(),
        Conn::Tls(mut t) => t.quit().await.unwrap(),
    }
}

drive!("async-smtp");
