//! Lines of more than 998 bytes: known before sending, refused where the caller asks.

use smtp::error::ContentError;
use smtp::message::LineEnds;
use smtp::{Body, DeliverError, Transfer};
use tests::slow;

use super::{SERVERS, WAYS, envelope, found, is_lost, owned, send, transfers};

/// A message whose longest line has so many bytes.
fn text(longest: usize) -> String {
    format!("Subject: x\r\n\r\n{}\r\nx\r\n", "x".repeat(longest))
}

#[test]
fn a_long_line_is_known_before_sending() {
    let ok = Ok(());
    let long = |at| Err(ContentError::LineTooLong(at));
    let lines = |line: &str, end: &str| [line, line].map(|line| line.to_owned() + end).concat();
    let (full, more) = ("x".repeat(998), "x".repeat(999));
    let table: [(&str, String, Result<(), ContentError>); 11] = [
        ("nothing", String::new(), ok.clone()),
        ("CRLF", lines(&full, "\r\n"), ok.clone()),
        ("LF", lines(&full, "\n"), ok.clone()),
        ("CR", lines(&full, "\r"), ok.clone()),
        ("no end", full.clone(), ok.clone()),
        ("a dot that is doubled", ".".to_owned() + &full[1..], ok),
        ("CRLF", lines(&more, "\r\n"), long(999)),
        ("LF", lines(&more, "\n"), long(999)),
        ("CR", lines(&more, "\r"), long(999)),
        ("no end", more.clone(), long(999)),
        ("the last", format!("a\r\n{more}"), long(1002)),
    ];
    for (name, content, expected) in table {
        assert_eq!(Body::from(&content).check_lines(), expected, "{name}");
        // A server would be sent it all the same, and a body that is strict is refused.
        let strict = Body::from(&content).line_ends(LineEnds::Strict);
        assert_eq!(strict.check_lines(), expected, "{name}");
    }
    let binary = Body::from(&more).line_ends(LineEnds::Binary);
    assert_eq!(binary.check_lines(), Ok(()), "it has no lines");
    assert_eq!(slow([(0, Some("x"))]).check_lines(), Ok(()), "it is not looked at");
}

#[tokio::test(start_paused = true)]
async fn a_long_line_is_refused_where_the_caller_asks() {
    for (way, transfer) in WAYS.into_iter().flat_map(|way| transfers().map(|t| (way, t))) {
        for (longest, line_ends, expected) in [
            (998, LineEnds::Normalize, Ok("")),
            (998, LineEnds::Strict, Ok("")),
            (999, LineEnds::Normalize, Ok("")),
            (999, LineEnds::Strict, Err("5.6.0")),
        ] {
            let told = format!("{way:?} {transfer:?} {longest} {line_ends:?}");
            let content = text(longest);
            let body = Body::from(content.clone()).line_ends(line_ends);
            let (result, recorded) =
                send(SERVERS[0], way, transfer.clone(), &envelope(), body).await;
            assert_eq!(found(&result, &recorded), owned(expected), "{told}: {result:?}");
            assert_eq!(recorded.holds(content.as_bytes()), expected.is_ok(), "{told}");
            // A refusal costs no command.
            assert_eq!(recorded.transactions(), 1 + usize::from(expected.is_ok()), "{told}");

            // A stream shows its lines while it is sent.
            let content: &'static str = content.leak();
            let body = slow([(1, Some("Subject: x\r\n")), (1, Some(&content[12..]))]);
            let body = body.line_ends(line_ends);
            let data = transfer == Transfer::data();
            let (result, recorded) =
                send(SERVERS[0], way, transfer.clone(), &envelope(), body).await;
            assert_eq!(found(&result, &recorded), owned(expected), "{told}: {result:?}");
            assert_eq!(is_lost(&result), expected.is_err() && data, "{told}: {result:?}");
            if let Err(DeliverError::Refused(undelivered)) = &result {
                let error = undelivered.refusal().content_error();
                assert_eq!(error, Some(&ContentError::LineTooLong(1013)), "{told}");
            }
        }
    }
}
