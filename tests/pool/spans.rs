//! The spans and events of a pool.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use smtp_pool::{Breaker, Pool, Settings};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use super::peer::{Peer, Plan, message};

/// Keeps what a pool says.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    spans: Vec<Fields>,
    events: Vec<Fields>,
    closed: usize,
}

/// Fields by their names; the name of a span is `span`.
#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        let _ = write!(text, "{value:?}");
        self.0.insert(field.name().to_owned(), text.trim_matches('"').to_owned());
    }
}

impl Fields {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl Kept {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        // With a single subscriber, `tracing` asks the thread that meets a span first, which may be
        // another test without any.
        static SECOND: OnceLock<tracing::Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| tracing::Dispatch::new(Self::default()));
        tracing::subscriber::set_default(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    fn spans(&self, name: &str) -> Vec<Fields> {
        let spans = self.lock().spans.clone();
        spans.into_iter().filter(|span| span.get("span") == name).collect()
    }

    fn events(&self) -> Vec<String> {
        self.lock().events.iter().map(|event| event.get("message").to_owned()).collect()
    }
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "smtp_pool"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        fields.0.insert("span".into(), span.metadata().name().into());
        let mut inner = self.lock();
        inner.spans.push(fields);
        Id::from_u64(inner.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let index = usize::try_from(id.into_u64()).unwrap() - 1;
        values.record(&mut self.lock().spans[index]);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.lock().events.push(fields);
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn try_close(&self, _: Id) -> bool {
        self.lock().closed += 1;
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_and_its_connection_have_spans() {
    let kept = Kept::default();
    let _guard = kept.listen();
    let peer = Peer::new(Plan {
        at_most: Some((2, "550 5.7.1 you@example.org is blocked\r\n")),
        ..Plan::default()
    });
    let pool = Pool::with_settings(peer.server("a.test"), Settings::new().connections(1));
    for number in 0..3 {
        let (envelope, body) = message(number);
        assert_eq!(pool.send(envelope, body).await.is_ok(), number < 2);
    }
    pool.close(Duration::from_secs(1)).await;
    let sends = kept.spans("send");
    assert_eq!(sends.len(), 3);
    for (index, send) in sends.iter().enumerate() {
        assert_eq!((send.get("server.address"), send.get("server.port")), ("a.test", "25"));
        assert_eq!(send.get("smtp_pool.connection.id"), "1");
        assert_eq!(send.get("smtp_pool.message.number"), (index + 1).to_string());
        assert_eq!(send.get("smtp_pool.recipients"), "1");
    }
    assert_eq!((sends[0].get("smtp.status_code"), sends[0].get("error.type")), ("250", ""));
    assert_eq!((sends[2].get("smtp.status_code"), sends[2].get("error.type")), ("550", "refused"));
    let connections = kept.spans("connection");
    assert_eq!(connections.len(), 1);
    assert_eq!(connections[0].get("server.address"), "a.test");
    assert_eq!(connections[0].get("smtp_pool.connection.id"), "1");
    assert_eq!(kept.events(), ["connection opened", "connection ended"]);
    let ended = kept.lock().events[1].clone();
    assert_eq!((ended.get("reason"), ended.get("messages")), ("closed", "3"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_left_alone_and_a_refused_login_are_told() {
    let kept = Kept::default();
    let _guard = kept.listen();
    let peer = Peer::new(Plan { password: Some("right"), ..Plan::default() });
    let pause = Duration::from_secs(10);
    let settings = Settings::new().breaker(Breaker::new(1, pause));
    let pool = Pool::with_settings(peer.logged_in("hunter2"), settings);
    peer.refuse_connections(1);
    for _ in 0..2 {
        let (envelope, body) = message(0);
        pool.send(envelope, body).await.expect_err("in vain");
        sleep(pause).await;
    }
    let told = [
        "connection not opened",
        "the server cannot be reached, and is left alone for a while",
        "connection not opened",
        "the server refused the credentials, which are not tried again for a while",
    ];
    assert_eq!(kept.events(), told);
    let kinds: Vec<_> =
        kept.spans("send").iter().map(|span| span.get("error.type").to_owned()).collect();
    assert_eq!(kinds, ["unreachable", "credentials"]);
    assert_eq!(kept.spans("connection")[1].get("smtp.status_code"), "535");
}

#[tokio::test(start_paused = true)]
async fn nothing_names_a_person_or_shows_a_secret_or_content() {
    let kept = Kept::default();
    let _guard = kept.listen();
    let blocked = "550 5.7.1 <you@example.org> does not know me@example.com\r\n";
    let peer = Peer::new(Plan {
        at_most: Some((1, blocked)),
        password: Some("hunter2"),
        ..Plan::default()
    });
    for password in ["hunter2", "wrong-secret"] {
        let pool = Pool::new(peer.logged_in(password));
        for number in 0..2 {
            let (envelope, body) = message(number);
            let _ = pool.send(envelope, body).await;
        }
        peer.end_all("421 4.3.2 bye to you@example.org\r\n");
        sleep(Duration::from_secs(1)).await;
    }
    let inner = kept.lock();
    let all = format!("{:?}{:?}", inner.spans, inner.events);
    assert!(all.contains("refused") && all.contains("connection ended"), "{all}");
    for hidden in ["you", "me@", "hunter2", "wrong-secret", "Subject", "Text", "example.org"] {
        assert!(!all.contains(hidden), "{hidden}: {all}");
    }
}

#[tokio::test]
async fn a_connection_of_tcp_says_the_address_of_its_peer() {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    let kept = Kept::default();
    let _guard = kept.listen();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
    let address = listener.local_addr().expect("an address");
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 hi\r\n").await.expect("a reader");
        let mut line = String::new();
        while stream.read_line(&mut line).await.expect("a line") > 0 {
            let reply: &[u8] = if line == "QUIT\r\n" { b"221 bye\r\n" } else { b"250 hi\r\n" };
            stream.write_all(reply).await.expect("a reader");
            line.clear();
        }
    });
    let settings = Settings::new().warm(1);
    let pool = Pool::with_settings(smtp::Server::new("127.0.0.1", address.port()), settings);
    pool.warm_up().await;
    assert_eq!(pool.connections()[0].peer, Some(address));
    assert_eq!(kept.spans("connection")[0].get("network.peer.address"), "127.0.0.1");
    pool.close(Duration::from_secs(10)).await;
    served.await.expect("no panic");
}
