//! mail-send. `--bdat`: its `bdat` call; `--pipelining`: its `cmds` call for
//! MAIL and RCPT (it will not pipeline by itself).
use bench_common::*;
use mail_send::smtp::message::{Address, Message, Parameters};
use mail_send::{SmtpClient, SmtpClientBuilder};
use tokio::net::TcpStream;

type Tls = tokio_rustls::client::TlsStream<TcpStream>;

enum Conn {
    Plain(SmtpClient<TcpStream>),
    Tls(SmtpClient<Tls>),
}
struct C {
    conn: Conn,
    rcpts: Vec<String>,
}

async fn connect(a: &'static Args) -> C {
    let mut b = SmtpClientBuilder::new_with_tls_connector(
        "localhost".to_string(),
        a.addr.port(),
        connector(),
    )
    .helo_host("client.example");
    if a.auth {
        b = b.credentials((USER.to_string(), PASS.to_string()));
    }
    let conn = if a.starttls || a.implicit {
        Conn::Tls(b.implicit_tls(a.implicit).connect().await.unwrap())
    } else {
        Conn::Plain(b.connect_plain().await.unwrap())
    };
    if a.nodelay {
        match &conn {
            Conn::Plain(c) => c.stream.set_nodelay(true).unwrap(),
            Conn::Tls(c) => c.stream.get_ref().0.set_nodelay(true).unwrap(),
        }
    }
    C { conn, rcpts: (0..a.rcpts).map(|i| a.rcpt(i)).collect() }
}

fn connector() -> tokio_rustls::TlsConnector {
    thread_local! { static T: tokio_rustls::TlsConnector = {
        rustls::crypto::ring::default_provider().install_default().ok();
        mail_send::smtp::tls::build_tls_connector(true).unwrap()
    } }
    T.with(|t| t.clone())
}

async fn one<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    c: &mut SmtpClient<T>,
    rcpts: &[String],
    a: &'static Args,
    msg: &'static [u8],
) {
    if a.pipelining || a.bdat {
        if a.pipelining {
            let mut cmds = vec![format!("MAIL FROM:<{FROM}>\r\n")];
            cmds.extend(rcpts.iter().map(|r| format!("RCPT TO:<{r}>\r\n")));
            for r in c.cmds(cmds).await.unwrap() {
                assert!(r.code() < 300);
            }
        } else {
            let p = Parameters::new();
            c.mail_from(FROM, &p).await.unwrap();
            for r in rcpts {
                c.rcpt_to(r, &p).await.unwrap();
            }
        }
        if a.bdat {
            c.bdat(msg).await.unwrap();
        } else {
            c.data(msg).await.unwrap();
        }
    } else {
        let m = Message {
            mail_from: Address::from(FROM),
            rcpt_to: rcpts.iter().map(|r| Address::from(r.as_str())).collect(),
            body: msg.into(),
        };
        c.send(m).await.unwrap();
    }
}

async fn send(c: &mut C, a: &'static Args, msg: &'static [u8]) {
    let C { conn, rcpts } = c;
    match conn {
        Conn::Plain(c) => one(c, rcpts, a, msg).await,
        Conn::Tls(c) => one(c, rcpts, a, msg).await,
    }
}

async fn quit(c: C) {
    match c.conn {
        Conn::Plain(c) => c.quit().await.unwrap(),
        Conn::Tls(c) => c.quit().await.unwrap(),
    }
}

drive!("mail-send");
