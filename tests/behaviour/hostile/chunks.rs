//! Messages in chunks, and messages whose commands are not waited for.

use smtp::command::{Mail, Rcpt};
use smtp::grammar::ReversePath;
use smtp::{DeliverError, Envelope, Mailbox, Transfer};
use tests::{error, greeted, script};

use super::{ATTACKS, ended};

const OFFERS: &[&str] = &["CHUNKING", "PIPELINING"];

#[tokio::test(start_paused = true)]
async fn a_message_in_chunks() {
    let you: Mailbox = "you@example.org".parse().expect("an address");
    let opened = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\n";
    for (name, attack, is) in ATTACKS {
        for chunks in ["C: BDAT 3\nC: x\nC: BDAT 3 LAST\nC: y\n", "C: BDAT 3 LAST\nC: x\n"] {
            let dialogue = format!("{opened}{chunks}");
            let (mut connection, peer) = greeted(attack(script(OFFERS, &dialogue))).await;
            connection.set_transfer(Transfer::chunks().chunk_size(3));
            let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
            txn.rcpt(Rcpt::to(&you)).await.expect("RCPT");
            let message = if chunks.contains('y') { "x\r\ny\r\n" } else { "x\r\n" };
            ended("bdat", name, is, &error(txn.bdat(message).await), &peer);
        }
    }
}

/// The first message of the window meets it; none of those after is taken for delivered.
#[tokio::test(start_paused = true)]
async fn a_window_of_messages() {
    let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
    let message = "C: MAIL *\nC: RCPT *\nC: BDAT 3 LAST\nC: x\n";
    let proved = format!("{message}S: 250 ok\nS: 250 ok\nS: 250 ok\n");
    let window = format!("{message}C: RSET\n{message}");
    for (name, attack, is) in ATTACKS {
        for answers in ["", "S: 250 ok\n", "S: 250 ok\nS: 250 ok\n"] {
            let dialogue = format!("{proved}{window}{answers}");
            let (mut connection, peer) = greeted(attack(script(OFFERS, &dialogue))).await;
            connection.set_transfer(Transfer::eager());
            let mut results = Vec::new();
            let messages = [(&envelope, "x\r\n"); 3];
            let lost = connection.deliver_all(messages, |_, result| results.push(result)).await;
            lost.expect_err("the connection is gone");
            let mut results = results.into_iter();
            results.next().expect("a result").expect("the first was taken before");
            ended("deliver_all", name, is, &error(results.next().expect("a result")), &peer);
            let after = results.next().expect("a result");
            assert!(
                matches!(after, Err(DeliverError::Lost(_) | DeliverError::Unknown(_))),
                "{name}: {after:?}"
            );
        }
    }
}
