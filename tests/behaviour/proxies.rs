//! Proxies: the bytes that they get, what their answers become, and that the session after them is
//! the server's alone. Proxies are scripts.

mod header;
mod http;
mod socks;
mod way;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use smtp::error::{Blame, Fault, ProxyError, ProxyErrorKind, ProxyReply};
use smtp::testing::{Peer, Script, ScriptedStream};
use smtp::transport::{Connect, Connected, Target};
use smtp::{Connection, Error, Lost, Server};
use tests::{error, hello, server};

/// A connector that opens these streams, one after the other, and keeps its targets.
#[derive(Debug, Default)]
struct Scripts {
    streams: Mutex<VecDeque<ScriptedStream>>,
    targets: Mutex<Vec<Target>>,
}

impl Scripts {
    fn start(scripts: impl IntoIterator<Item = Script>) -> (Arc<Self>, Vec<Peer>) {
        let (streams, peers): (VecDeque<_>, _) = scripts.into_iter().map(Script::start).unzip();
        (Arc::new(Self { streams: Mutex::new(streams), ..Self::default() }), peers)
    }

    fn targets(&self) -> Vec<Target> {
        self.targets.lock().expect("the targets").clone()
    }
}

impl Connect for Scripts {
    fn connect<'a>(
        &'a self,
        target: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        self.targets.lock().expect("the targets").push(target.clone());
        let stream = self.streams.lock().expect("the streams").pop_front();
        Box::pin(async {
            stream.map(Connected::new).ok_or(io::ErrorKind::ConnectionRefused.into())
        })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

/// A proxy that is scripted, of a kind that the caller makes.
fn scripted<P: Connect>(script: Script, proxy: impl FnOnce(Arc<Scripts>) -> P) -> (Server, Peer) {
    let (scripts, mut peers) = Scripts::start([script]);
    (server().connector(proxy(scripts)), peers.remove(0))
}

/// A session through a proxy, which must come about: the exact bytes of the proxy are in the script.
async fn session(server: &Server, peer: &Peer) {
    let connection = Connection::connect(server).await.expect("a session");
    assert!(connection.capabilities().has("PIPELINING"), "{}", peer.dialogue());
    drop(connection);
    peer.finish();
}

/// The dialogue that follows a proxy.
fn greets() -> String {
    hello(&["PIPELINING"])
}

/// An error that is the proxy's, on this side's account.
#[derive(Debug)]
struct Refused {
    lost: Lost,
    kind: ProxyErrorKind,
    reply: Option<ProxyReply>,
}

async fn refused(server: &Server) -> Refused {
    refused_by(error(Connection::connect(server).await))
}

fn refused_by(error: Error) -> Refused {
    let Error::Lost(lost) = error else { panic!("{error}") };
    let proxy = lost.proxy().unwrap_or_else(|| panic!("no proxy: {lost:?}"));
    assert!(matches!(lost.fault(), Fault::Local(_)), "{lost:?}");
    assert_eq!(lost.blame(), Blame::Local, "{lost}");
    assert_eq!(lost.is_transient(), proxy.is_transient(), "{lost}");
    assert!(lost.reply().is_none() && lost.refusal().is_none(), "{lost}");
    assert!(lost.to_string().contains(&proxy.to_string()), "{lost}");
    assert!(lost.to_string().contains(proxy.proxy()), "{lost}");
    // It is also where errors keep their sources, and in each attempt.
    assert!(ProxyError::find_in(&lost).is_some_and(|found| std::ptr::eq(found, proxy)));
    assert!(lost.attempts().iter().all(|tried| ProxyError::find_in(tried.error()).is_some()));
    let (kind, reply) = (proxy.kind(), proxy.reply());
    Refused { lost, kind, reply }
}

/// Whether a kind may pass.
fn passes(kind: ProxyErrorKind) -> bool {
    use ProxyErrorKind as Kind;
    match kind {
        Kind::Unreachable
        | Kind::Closed
        | Kind::TimedOut
        | Kind::TargetUnreachable
        | Kind::Failed => true,
        Kind::InvalidSettings
        | Kind::InvalidTarget
        | Kind::Tls
        | Kind::Protocol
        | Kind::CredentialsRequired
        | Kind::CredentialsRefused
        | Kind::NotPermitted
        | Kind::NotSupported => false,
        other => panic!("{other:?}"),
    }
}

/// Each lie of a proxy, whole and byte by byte, before the end of the stream and before silence.
async fn lies(
    before: impl Fn() -> Script,
    server: impl Fn(Script) -> (Server, Peer),
    table: &[(&[u8], ProxyErrorKind, Option<ProxyReply>, &str)],
) {
    for (lie, kind, reply, text) in table {
        // Byte by byte, if there are not too many.
        for fragment in [if lie.len() < 1000 { 1 } else { 999 }, 1 << 20] {
            for end in ["-- close --", "-- silence --", "-- reset --"] {
                if end != "-- close --" && *kind == ProxyErrorKind::Closed {
                    continue;
                }
                let script = before().server_raw(*lie).then(end).fragmented(fragment);
                let (server, _peer) = server(script);
                let refused = refused(&server).await;
                let shown = refused.lost.to_string();
                assert_eq!((refused.kind, refused.reply), (*kind, *reply), "{lie:?}: {shown}");
                assert!(shown.contains(text), "{lie:?}: {shown}");
                assert_eq!(refused.lost.is_transient(), passes(*kind), "{shown}");
            }
        }
    }
}

/// A proxy that ends at each byte of its answers.
async fn ends_early(server: impl Fn(Script) -> (Server, Peer), exchange: &[(&[u8], &[u8])]) {
    for (index, (_, answer)) in exchange.iter().enumerate() {
        for length in 0..answer.len() {
            for end in ["-- close --", "-- reset --"] {
                let mut script = Script::default();
                for (request, answer) in &exchange[..index] {
                    script = script.client_raw(*request).server_raw(*answer);
                }
                let script = script.client_raw(exchange[index].0);
                let script = script.server_raw(&answer[..length]).then(end);
                let (server, peer) = server(script);
                let refused = refused(&server).await;
                let shown = format!("{}\n{}", refused.lost, peer.dialogue());
                assert_eq!(refused.kind, ProxyErrorKind::Closed, "{shown}");
                assert!(refused.lost.is_transient(), "{shown}");
            }
        }
    }
}
