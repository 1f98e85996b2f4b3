//! Tests: each line of a secret leaves no copy in the send buffer.

use smtp_grammar::{Capabilities, Reply, ReplyCode};

use super::{Engine, Expected};
use crate::command::Auth;
use crate::proto::limits::Limits;
use crate::proto::line::Audience;
use crate::proto::output::tests::wiped;
use crate::proto::stage::Stage;
use crate::secret::Secret;

const EXPECTED: Expected = Expected { stage: Stage::Auth, accepts: &[], reply_lines: None };

/// `pencil`, as it is and in base64.
const LINES: [&[u8]; 2] = [b"pencil", b"cGVuY2ls"];

#[test]
fn each_line_with_a_secret_is_wiped_once_it_was_sent() {
    let table: [(&str, fn(&mut Engine)); 4] = [
        ("a response", |engine| engine.submit_response(b"pencil", EXPECTED)),
        ("a line of a command", |engine| engine.submit_line(b"pencil", EXPECTED)),
        ("an initial response", |engine| {
            let auth = Auth::new("PLAIN", Some(Secret::from("pencil")));
            let offers =
                Capabilities::from_reply(&Reply::new(ReplyCode::OK, ["mail", "AUTH PLAIN"]));
            engine.submit_to(Audience::Trusted, &auth, &offers, false).expect("AUTH is offered");
        }),
        ("a response after another line", |engine| {
            engine.submit_cancel(EXPECTED);
            engine.submit_response(b"pencil", EXPECTED);
        }),
    ];
    for (name, submit) in table {
        let mut engine = Engine::new(Limits::default(), None);
        wiped();
        submit(&mut engine);
        let output = engine.output();
        output.advance(output.remaining());
        let wiped = wiped();
        let found = LINES.iter().any(|line| memchr::memmem::find(&wiped, line).is_some());
        assert!(found, "{name}: nothing was wiped");
    }
    let mut engine = Engine::new(Limits::default(), None);
    engine.submit_cancel(EXPECTED);
    engine.output().advance(3);
    assert!(wiped().is_empty(), "that is no secret");
}
