//! Messages as plain data.

use serde_json::{Value, json};
use smtp::command::{Mail, Rcpt};
use smtp::extension::{
    BodyKind, EnvelopeId, HoldFor, Notify, Optional, Parameter, RequireTls, Ret,
};
use smtp::message::LineEnds;
use smtp::{Envelope, Policy};
use smtp_pool::{Content, Message, Pool};

use super::peer::{Peer, Plan, message};

fn rich() -> Envelope {
    let mail = Mail::from("me@example.com".parse::<smtp::Mailbox>().expect("an address"))
        .with(Ret::Headers)
        .with(Optional(EnvelopeId::new("a+b").expect("printable")))
        .with(HoldFor::seconds(60).expect("a time"))
        .with(RequireTls)
        .with(Parameter::new("X-OWN", "1", "X-LEDGER").raises(9));
    let rcpt = Rcpt::to("postmaster".parse::<smtp::grammar::ForwardPath>().expect("a path"))
        .with(Optional(Notify::FAILURE));
    let declared = mail.size(7).body(BodyKind::EightBitMime).smtputf8();
    Envelope::from_mail(declared).recipient(rcpt).policy(Policy::AllOrNothing)
}

#[test]
fn a_message_can_be_written_and_read_back() {
    let null = Envelope::new("", ["\u{7528}\u{6237}@example.org"]).expect("addresses");
    let table = [
        Message::new(rich(), "Subject: \u{e9}\r\n\r\nText.\r\n").line_ends(LineEnds::Strict),
        Message::new(null.clone(), vec![0xff, 0, b'\n']).line_ends(LineEnds::Binary),
        Message::new(null.clone().policy(Policy::Whole), ""),
        Message::new(null, Content::File("/var/spool/1".into())),
    ];
    for message in table {
        let text = serde_json::to_string(&message).expect("plain data");
        let back: Message = serde_json::from_str(&text).expect("the same");
        assert_eq!(back.content(), message.content());
        assert_eq!(back.line_end_rule(), message.line_end_rule());
        let (envelope, original) = (back.envelope(), message.envelope());
        assert_eq!(envelope.sender(), original.sender());
        assert_eq!(envelope.mail().parameters(), original.mail().parameters());
        assert_eq!(envelope.mail().declared_size(), original.mail().declared_size());
        assert_eq!(envelope.mail().declared_body(), original.mail().declared_body());
        assert_eq!(envelope.mail().declares_smtputf8(), original.mail().declares_smtputf8());
        for (rcpt, original) in envelope.rcpts().iter().zip(original.rcpts()) {
            assert_eq!(rcpt.path(), original.path());
            assert_eq!(rcpt.parameters(), original.parameters());
        }
        assert_eq!(envelope.rcpts().len(), original.rcpts().len());
        let policies = [envelope, original].map(|envelope| format!("{:?}", envelope.send_policy()));
        assert_eq!(policies[0], policies[1]);
        assert_eq!(serde_json::to_string(&back).expect("plain data"), text);
    }
}

#[test]
fn a_function_is_not_written_and_the_error_says_so() {
    let (plain, _) = message(0);
    let conditional = Parameter::flag("X-OWN", "X-OWN").needs(|_| Ok(()));
    let table = [
        (plain.clone().policy(Policy::decide(|_| true)), "Decide(..)"),
        (plain.clone().with(conditional.clone()), "X-OWN"),
        (plain.with_each(&conditional), "X-OWN"),
    ];
    for (envelope, named) in table {
        let error = serde_json::to_string(&Message::new(envelope, "")).expect_err("a function");
        assert!(error.to_string().contains(named), "{error}");
        assert!(error.to_string().contains("function"), "{error}");
    }
}

#[test]
fn a_message_that_asks_for_what_is_not_known_is_not_read() {
    let whole = serde_json::to_value(Message::new(rich(), "text")).expect("plain data");
    serde_json::from_value::<Message>(whole.clone()).expect("as it was");
    let changes: [(&str, Value); 6] = [
        ("/mail/from", json!("no address")),
        ("/mail/body", json!("9BITMIME")),
        ("/recipients/0/to", json!("no address")),
        ("/policy", json!("most")),
        ("/content", json!({"link": "x"})),
        ("/mail/parameters/0", json!({"keyword": "RET"})),
    ];
    for (place, value) in changes {
        let mut edited = whole.clone();
        *edited.pointer_mut(place).expect("a place") = value;
        serde_json::from_value::<Message>(edited).expect_err(place);
    }
    for place in ["", "/mail", "/recipients/0", "/mail/parameters/0"] {
        let mut edited = whole.clone();
        let object = edited.pointer_mut(place).and_then(Value::as_object_mut).expect("an object");
        object.insert("new".into(), json!(1));
        serde_json::from_value::<Message>(edited).expect_err(place);
    }
}

/// The server offers nothing: what may be left out is, and the rest keeps the message back.
#[tokio::test(start_paused = true)]
async fn a_message_that_came_back_is_refused_where_the_original_is() {
    let peer = Peer::new(Plan::default());
    let pool = Pool::new(peer.server("a.test"));
    let (plain, _) = message(0);
    let table = [
        (plain.clone().with(Optional(Ret::Full)), true),
        (plain.clone().with(Ret::Full), false),
        (plain.clone().with(RequireTls), false),
        (plain.with(Parameter::flag("X-OWN", "X-OWN")), false),
    ];
    for (envelope, sent) in table {
        let message = Message::new(envelope, "Subject: 1\r\n\r\n");
        let text = serde_json::to_string(&message).expect("plain data");
        let back: Message = serde_json::from_str(&text).expect("the same");
        for message in [message, back] {
            let body = message.body().await.expect("in memory");
            let result = pool.send(message.envelope().clone(), body).await;
            assert_eq!(result.is_ok(), sent, "{text}: {result:?}");
        }
    }
    assert_eq!(peer.counts().taken.get("Subject: 1"), Some(&2));
}
