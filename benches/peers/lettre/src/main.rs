//! lettre. `--mode raw`: AsyncSmtpConnection. `--mode pool` (what its
//! documentation shows): AsyncSmtpTransport with its default pool, which keeps a
//! connection for each task if there are more than ten.
use bench_common::*;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, address::Envelope};

enum Conn {
    Raw(AsyncSmtpConnection),
    Pool(AsyncSmtpTransport<Tokio1Executor>),
}
struct C {
    conn: Conn,
    env: Envelope,
}

/// Made once, as its transport does: sessions are resumed within one of these.
fn tls() -> TlsParameters {
    thread_local! { static T: TlsParameters =
        TlsParameters::builder("localhost".into())
            .dangerous_accept_invalid_certs(true)
            .build_rustls()
            .unwrap()
    }
    T.with(Clone::clone)
}

async fn connect(a: &'static Args) -> C {
    let to = (0..a.rcpts).map(|i| a.rcpt(i).parse().unwrap()).collect();
    let env = Envelope::new(Some(FROM.parse().unwrap()), to).unwrap();
    let hello = ClientId::Domain("client.example".into());
    let creds = Credentials::new(USER.into(), PASS.into());
    let conn = if a.mode == "pool" {
        thread_local! { static T: std::cell::OnceCell<&'static AsyncSmtpTransport<Tokio1Executor>> = const { std::cell::OnceCell::new() } }
        let t = T.with(|c| {
            c.get_or_init(|| {
                let mut b = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(
                    a.addr.ip().to_string(),
                )
                .port(a.addr.port())
                .hello_name(hello)
                .pool_config(PoolConfig::new().max_size(a.connections.max(10) as u32));
                if a.starttls {
                    b = b.tls(Tls::Required(tls()));
                }
                if a.implicit {
                    b = b.tls(Tls::Wrapper(tls()));
                }
                if a.auth {
                    b = b.credentials(creds).authentication(vec![Mechanism::Plain]);
                }
                // Leaked: its drop needs a running reactor, and a thread-local has none.
                Box::leak(Box::new(b.build()))
            })
            .to_owned()
            .clone()
        });
        Conn::Pool(t)
    } else {
        let mut c = if a.nodelay {
            assert!(!a.implicit, "it does TLS from the first byte on a socket of its own alone");
            let s = tokio::net::TcpStream::connect(a.addr).await.unwrap();
            s.set_nodelay(true).unwrap();
            AsyncSmtpConnection::connect_with_transport(Box::new(s), &hello).await.unwrap()
        } else {
            let implicit = a.implicit.then(tls);
            AsyncSmtpConnection::connect_tokio1(a.addr, None, &hello, implicit, None).await.unwrap()
        };
        if a.starttls {
            c.starttls(tls(), &hello).await.unwrap();
        }
        if a.auth {
            c.auth(&[Mechanism::Plain], &creds).await.unwrap();
        }
        Conn::Raw(c)
    };
    C { conn, env }
}

async fn send(c: &mut C, _a: &'static Args, msg: &'static [u8]) {
    match &mut c.conn {
        Conn::Raw(r) => drop(r.send(&c.env, msg).await.unwrap()),
        Conn::Pool(t) => drop(t.send_raw(&c.env, msg).await.unwrap()),
    }
}

async fn quit(c: C) {
    match c.conn {
        Conn::Raw(mut r) => drop(r.quit().await.unwrap()),
        Conn::Pool(t) => drop(t),
    }
}

drive!("lettre");
