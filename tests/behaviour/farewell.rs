//! The last bytes of a session: QUIT, and inside TLS the `close_notify` alert.

use smtp::connection::AnyConnection;
use smtp::testing::Peer;
use smtp::{Connection, state};
use tests::{Fate as _, authed, secured};

/// The lengths of the TLS records that the client wrote.
fn records(peer: &Peer) -> Vec<usize> {
    let written = peer.raw_written();
    let (mut rest, mut lengths) = (&*written, Vec::new());
    while let [_, _, _, high, low, following @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        lengths.push(length);
        rest = following.get(length..).expect("a whole record");
    }
    assert!(rest.is_empty(), "a whole record");
    lengths
}

/// An alert, of two bytes and one for its type, with a tag of sixteen (RFC 8446 §5.2 and §6.1).
const CLOSE_NOTIFY: usize = 2 + 1 + 16;

/// QUIT as a record.
const QUIT: usize = "QUIT\r\n".len() + 1 + 16;

fn says_goodbye(peer: &Peer, how: &str) {
    assert!(peer.written().ends_with(b"QUIT\r\n"), "{how}");
    assert!(records(peer).ends_with(&[QUIT, CLOSE_NOTIFY]), "{how}: {:?}", records(peer));
    assert!(peer.is_closed(), "{how}");
    peer.finish();
}

async fn tls(dialogue: &str) -> (Connection<state::Tls>, Peer) {
    secured(&["PIPELINING"], dialogue).await
}

/// Without it the server could not tell the end from a cut (RFC 8446 §6.1).
#[tokio::test(start_paused = true)]
async fn close_notify_follows_quit() {
    for end in ["S: 221 bye", "-- close --", "-- silence --"] {
        let dialogue = format!("C: QUIT\n{end}");
        let (connection, peer) = tls(&dialogue).await;
        connection.quit().await.expect("QUIT");
        if end != "-- close --" {
            says_goodbye(&peer, end);
        }
    }
    let dialogue = "C: QUIT\nS: 221 bye";
    let (connection, peer) = tls(dialogue).await;
    connection.quit_and_wait().await.expect("QUIT");
    says_goodbye(&peer, "and waits");
    let (connection, peer) = tls("C: QUIT\nS: 500 what?").await;
    connection.quit_and_wait().await.expect_err("refused");
    says_goodbye(&peer, "refused");
    let (connection, peer) = tls("C: QUIT\nS: 500 what?").await;
    let (_, (quit,)) = connection.pipeline().quit().await;
    assert_eq!(quit.fate(), "500");
    says_goodbye(&peer, "refused in a group");
    let (connection, peer) = tls(dialogue).await;
    let (ended, _) = connection.pipeline().quit().await;
    ended.expect("QUIT");
    says_goodbye(&peer, "of a group");
    let (connection, peer) = tls(dialogue).await;
    AnyConnection::from(connection).quit().await.expect("QUIT");
    says_goodbye(&peer, "any");
    let (connection, peer) = authed(&["PIPELINING"], dialogue).await;
    connection.quit().await.expect("QUIT");
    says_goodbye(&peer, "authed");
}
