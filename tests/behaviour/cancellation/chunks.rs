//! Messages in chunks, and messages whose commands are not waited for.

use smtp::command::{Mail, Rcpt};
use smtp::grammar::ReversePath;
use smtp::{Envelope, Transfer};
use tests::{greeted, script};

use super::each_wait::poll_until;
use super::{is_gone, is_interrupted, you};

#[tokio::test(start_paused = true)]
async fn a_message_in_chunks() {
    let dialogue = "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok
                    C: BDAT 3\nC: x\nS: 250 ok\nC: BDAT 3 LAST\nC: y\nS: 250 ok";
    for offers in [&["CHUNKING"][..], &["CHUNKING", "PIPELINING"]] {
        at_each_wait!(waits => {
            let script = script(offers, dialogue).stutter().write_limit(5);
            let (mut connection, peer) = greeted(script).await;
            connection.set_transfer(Transfer::chunks().chunk_size(3));
            let mut txn = connection.mail(Mail::from(ReversePath::Null)).await.expect("MAIL");
            txn.rcpt(Rcpt::to(you())).await.expect("RCPT");
            let done = poll_until(txn.bdat("x\r\ny\r\n"), waits).await;
            if done.is_none() {
                is_gone(&peer);
            }
            done.is_some()
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_of_messages() {
    let envelope = Envelope::new("", ["you@example.org"]).expect("addresses");
    let message = "C: MAIL *\nC: RCPT *\nC: BDAT 3 LAST\nC: x\n";
    let taken = "S: 250 ok\nS: 250 ok\nS: 250 ok\n";
    let dialogue = format!("{message}{taken}{message}C: RSET\n{message}{taken}S: 250 ok\n{taken}");
    at_each_wait!(waits => {
        let script = script(&["CHUNKING", "PIPELINING"], &dialogue).stutter().write_limit(20);
        let (mut connection, peer) = greeted(script).await;
        connection.set_transfer(Transfer::eager());
        let messages = [(&envelope, "x\r\n"); 3];
        let done = poll_until(connection.deliver_all(messages, |_, _| {}), waits).await;
        if done.is_none() {
            is_interrupted(&mut connection, &peer).await;
        }
        done.is_some()
    });
}
