//! LMTP (RFC 2033): LHLO, and a reply to the message for each recipient.

mod chunks;
mod lost;
mod messages;
mod sessions;
mod streams;

use smtp::state::{Greeted, Lmtp};
use smtp::testing::{Peer, Script};
use smtp::{Connection, Envelope};
use tests::{hello, server};

/// With PIPELINING and without.
const MODES: [&[&str]; 2] = [&["PIPELINING"], &[]];

/// The lines up to the reply to LHLO.
fn lhlo(offers: &[&str]) -> String {
    hello(offers).replace("EHLO", "LHLO")
}

/// A connection to a server that says this dialogue. Without PIPELINING the client never speaks
/// before its turn.
async fn connected(offers: &[&str], dialogue: &str) -> (Connection<Lmtp<Greeted>>, Peer) {
    let script = Script::new(&lhlo(offers)).then(dialogue);
    let lockstep = !offers.contains(&"PIPELINING");
    let (stream, peer) = if lockstep { script.lockstep() } else { script }.start();
    let connection = Connection::lmtp_from_stream(stream, &server()).await;
    (connection.expect("a greeting and LHLO"), peer)
}

fn envelope(recipients: &[&str]) -> Envelope {
    let addresses = recipients.iter().map(|name| format!("{name}@example.org"));
    Envelope::new("me@example.com", addresses).expect("addresses")
}

/// The commands before a message for these recipients, with the code of the reply to each RCPT.
fn commands(recipients: &[(&str, u16)], mode: &[&str]) -> String {
    let mail = ("C: MAIL FROM:<me@example.com>\n".to_owned(), "S: 250 ok\n".to_owned());
    let rcpts = recipients.iter().map(|(name, code)| {
        (format!("C: RCPT TO:<{name}@example.org>\n"), format!("S: {code} {name}\n"))
    });
    let steps: Vec<_> = std::iter::once(mail).chain(rcpts).collect();
    if mode.contains(&"PIPELINING") {
        let (commands, replies): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        commands.concat() + "C: DATA\n" + &replies.concat() + "S: 354 go on\n"
    } else {
        let steps: String =
            steps.into_iter().flat_map(|(command, reply)| [command, reply]).collect();
        steps + "C: DATA\nS: 354 go on\n"
    }
}

/// The message, and what the server says to it.
fn content(replies: &[u16]) -> String {
    let replies = replies.iter().map(|code| format!("S: {code} final\n"));
    "C: x\nC: .\n".to_owned() + &replies.collect::<String>()
}

/// The codes of the replies to the message for each recipient.
fn finals(recipients: &[smtp::message::Recipient]) -> Vec<Option<u16>> {
    let code = |recipient: &smtp::message::Recipient| {
        recipient.final_reply().map(|reply| reply.code().value())
    };
    recipients.iter().map(code).collect()
}
