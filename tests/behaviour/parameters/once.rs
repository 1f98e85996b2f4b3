//! A parameter stands once in its command, however often and by whichever name it is given.

use smtp::command::{Mail, Rcpt, encode};
use smtp::extension::{BodyKind, Notify, Optional, Parameter, Priority, Ret};
use smtp::grammar::{Capabilities, ForwardPath, ReplyCode, ReversePath};
use smtp::{Envelope, Reply};
use tests::{greeted, script};

fn line(mail: &Mail) -> String {
    let lines = ["mail", "DSN", "SIZE", "8BITMIME", "SMTPUTF8", "MT-PRIORITY"];
    let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
    String::from_utf8(encode(mail, &capabilities).expect("a command")).expect("text")
}

fn mail() -> Mail {
    Mail::from(ReversePath::Null)
}

#[test]
fn the_later_one_counts() {
    let other = |text: &'static str| {
        let (keyword, value) = text.split_once('=').unwrap_or((text, ""));
        match value {
            "" => Parameter::flag(keyword, keyword),
            _ => Parameter::new(keyword, value, "DSN"),
        }
    };
    let priority = |priority| Priority::new(priority).expect("a priority");
    let table = [
        (mail().with(Ret::Full).with(Ret::Headers), "RET=HDRS"),
        (mail().with(Ret::Full).with(other("ret=HDRS")), "ret=HDRS"),
        (mail().with(Optional(priority(1))).with(priority(2)), "MT-PRIORITY=2"),
        (mail().size(1).size(2), "SIZE=2"),
        (mail().size(1).with(other("size=2")), "size=2"),
        (mail().with(other("Size=2")).size(1), "SIZE=1"),
        (mail().body(BodyKind::SevenBit).with(other("BODY=8BITMIME")), "BODY=8BITMIME"),
        (mail().with(other("body=8BITMIME")).body(BodyKind::SevenBit), "BODY=7BIT"),
        (mail().smtputf8().with(other("SMTPUTF8")), "SMTPUTF8"),
        (mail().with(other("SMTPUTF8")).smtputf8(), "SMTPUTF8"),
    ];
    for (mail, parameter) in table {
        assert_eq!(line(&mail), format!("MAIL FROM:<> {parameter}\r\n"));
    }
    let rcpt = Rcpt::to(ForwardPath::Postmaster).with(Notify::NEVER).with(Notify::DELAY);
    let lines = ["mail", "DSN"];
    let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
    let line = encode(&rcpt, &capabilities).expect("a command");
    assert_eq!(line, b"RCPT TO:<Postmaster> NOTIFY=DELAY\r\n");
}

/// A delivery knows the content of its message better than the envelope does.
#[tokio::test(start_paused = true)]
async fn a_delivery_replaces_what_it_declares() {
    let dialogue = "C: MAIL FROM:<> SIZE=4 BODY=8BITMIME RET=FULL\nS: 250 ok
                    C: RCPT TO:<you@example.test>\nS: 250 ok\nC: DATA\nS: 354 go
                    C: \u{e9}\nC: .\nS: 250 taken";
    let given = [
        mail().with(Ret::Full),
        mail().size(999).body(BodyKind::SevenBit).with(Ret::Full),
        mail().with(Parameter::new("size", "999", "SIZE")).with(Ret::Full),
    ];
    for mail in given {
        let envelope = Envelope::from_mail(mail)
            .recipient(Rcpt::to(ForwardPath::try_from("you@example.test").expect("an address")));
        let (mut connection, peer) =
            greeted(script(&["SIZE 1000", "8BITMIME", "DSN"], dialogue)).await;
        connection.deliver(&envelope, "\u{e9}").await.expect("taken");
        peer.finish();
    }
}
