//! Calls of LMTP, dropped at each of their waits.

use smtp::state::{Greeted, Lmtp};
use smtp::testing::{Peer, Script};
use smtp::{Connection, Envelope};
use tests::{hello, server, trust};

use super::each_wait::poll_until;
use super::{is_gone, is_interrupted};

fn lhlo(offers: &[&str]) -> String {
    hello(offers).replace("EHLO", "LHLO")
}

async fn connected(dialogue: &str) -> (Connection<Lmtp<Greeted>>, Peer) {
    let (stream, peer) = Script::new(&lhlo(&[])).then(dialogue).stutter().write_limit(9).start();
    let connection = Connection::lmtp_from_stream(stream, &server()).await;
    (connection.expect("a session"), peer)
}

#[tokio::test(start_paused = true)]
async fn connecting() {
    at_each_wait!(waits => {
        let (stream, peer) = Script::new(&lhlo(&["SIZE"])).stutter().start();
        let done = poll_until(Connection::lmtp_from_stream(stream, &server()), waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
    at_each_wait!(waits => {
        let (stream, peer) = Script::new("-- tls --").then(&lhlo(&[])).stutter().start();
        let (tls, server) = (trust(&peer), server());
        let call = Connection::lmtp_from_tls_stream(stream, &server, &tls);
        let done = poll_until(call, waits).await;
        if done.is_none() {
            is_gone(&peer);
        }
        done.is_some()
    });
}

#[tokio::test(start_paused = true)]
async fn lhlo_again() {
    at_each_wait!(waits => {
        let (mut connection, peer) = connected("C: LHLO *\nS: 250-x\nS: 250 SIZE").await;
        let done = poll_until(connection.lhlo(), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}

/// Also between the replies for two recipients.
#[tokio::test(start_paused = true)]
async fn deliver() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: RCPT *\nS: 250 ok
                    C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 a\n-- wait 1s --\nS: 250 b";
    let envelope = Envelope::new("", ["a@example.org", "b@example.org"]).expect("addresses");
    at_each_wait!(waits => {
        let (mut connection, peer) = connected(dialogue).await;
        let done = poll_until(connection.deliver(&envelope, "x\r\n"), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}
