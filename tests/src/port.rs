//! A port at which scripts play: for calls that open a socket of their own.

use smtp::testing::{Peer, Script};
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;

/// A port of the loopback. The first client meets the first script, the second client the second
/// one, and no more are accepted.
///
/// # Panics
///
/// When the machine has no port.
pub async fn port(scripts: impl IntoIterator<Item = Script>) -> (u16, Vec<Peer>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (streams, peers): (Vec<_>, Vec<_>) = scripts.into_iter().map(Script::start).unzip();
    tokio::spawn(async move {
        for mut stream in streams {
            let Ok((mut client, _)) = listener.accept().await else { return };
            tokio::spawn(async move {
                let _ = copy_bidirectional(&mut client, &mut stream).await;
            });
        }
    });
    (port, peers)
}
