//! EHLO keywords with typed parameters, one line each.

use std::fmt::Debug;

use smtp::Reply;
use smtp::extension::*;
use smtp::grammar::{Capabilities, Capability, ReplyCode};

pub(super) fn capabilities(lines: &[&str]) -> Capabilities {
    let lines = ["mail.example.test"].iter().chain(lines);
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines))
}

fn time(text: &str) -> DateTime {
    text.parse().expect("a time")
}

fn reads<C: Capability + PartialEq + Debug>(table: &[(&[&str], C)]) {
    for (lines, expected) in table {
        assert_eq!(capabilities(lines).get::<C>().as_ref(), Some(expected), "{lines:?}");
    }
}

#[test]
fn deliver_by() {
    let shortest = |shortest| DeliverByExtension { shortest };
    reads(&[
        (&["DELIVERBY"], shortest(None)),
        (&["DELIVERBY 120"], shortest(Some(120))),
        (&["deliverby 120,x"], shortest(Some(120))),
        (&["DELIVERBY ,x"], shortest(None)),
        (&["DELIVERBY -1"], shortest(None)),
        (&["DELIVERBY +1"], shortest(None)),
        (&["DELIVERBY 1234567890"], shortest(None)),
        (&["DELIVERBY soon"], shortest(None)),
        (&["DELIVERBY 60", "DELIVERBY 120"], shortest(Some(120))),
    ]);
}

#[test]
fn future_release() {
    let limits = |longest, latest| FutureRelease { longest, latest };
    reads(&[
        (&["FUTURERELEASE"], limits(None, None)),
        (
            &["FUTURERELEASE 5184000 2024-12-02T08:56:10Z"],
            limits(Some(5_184_000), Some(time("2024-12-02T08:56:10Z"))),
        ),
        (&["FUTURERELEASE 0 never"], limits(None, None)),
        (&["FUTURERELEASE 1234567890"], limits(None, None)),
        (
            &["FUTURERELEASE 20 2030-01-01T00:00:00Z", "FUTURERELEASE 10 2031-01-01T00:00:00Z"],
            limits(Some(10), Some(time("2030-01-01T00:00:00Z"))),
        ),
    ]);
}

#[test]
fn priorities() {
    let profile = |profile: Option<&str>| MtPriority { profile: profile.map(str::to_owned) };
    reads(&[
        (&["MT-PRIORITY"], profile(None)),
        (&["MT-PRIORITY mixer"], profile(Some("MIXER"))),
        (&["MT-PRIORITY STANAG4406"], profile(Some("STANAG4406"))),
        (&["MT-PRIORITY a/b"], profile(None)),
        (&["MT-PRIORITY aaaaaaaaaaaaaaaaaaaaa"], profile(None)),
    ]);
}

#[test]
fn lists() {
    let client = capabilities(&["XCLIENT NAME addr NAME", "XCLIENT LOGIN"]);
    let client = client.get::<XClientExtension>().expect("XCLIENT");
    assert!(client.attributes().eq(["NAME", "ADDR", "LOGIN"]));
    assert!(client.has("Addr") && !client.has("HELO"));
    let forward = capabilities(&["XFORWARD NAME SOURCE"]);
    let forward = forward.get::<XForwardExtension>().expect("XFORWARD");
    assert!(forward.attributes().eq(["NAME", "SOURCE"]) && forward.has("source"));
    for (line, sources) in [
        ("BURL", &[][..]),
        ("BURL imap", &["imap"]),
        ("BURL imap imap://Mail.example.org", &["imap", "imap://Mail.example.org"]),
    ] {
        let found = capabilities(&[line]).get::<BurlExtension>().expect("BURL");
        assert!(found.sources().eq(sources.iter().copied()), "{line}");
    }
    let refused = |classes: &[&str]| NoSoliciting {
        refused: classes.iter().map(|&class| class.to_owned()).collect(),
    };
    reads(&[
        (&["NO-SOLICITING"], refused(&[])),
        (
            &["NO-SOLICITING net.example:ADV,org.example:ADV:ADLT"],
            refused(&["net.example:ADV", "org.example:ADV:ADLT"]),
        ),
        (&["NO-SOLICITING a,,1,b"], refused(&["a", "b"])),
    ]);
    let limit = |recipients| XRcptLimit { recipients };
    reads(&[
        (&["X-RCPTLIMIT 50"], limit(Some(50))),
        (&["X-RCPTLIMIT"], limit(None)),
        (&["X-RCPTLIMIT 0"], limit(None)),
    ]);
}

/// The reply to RCPT with CONNEG has the features of the recipient (RFC 4141 §5).
#[test]
fn features_of_a_recipient() {
    let lines = ["CONNEG (&(image-file-structure=TIFF-minimal)", "conneg (MRC-mode=0))", "ok"];
    let reply = Reply::new(ReplyCode::OK, lines);
    let features: Vec<&str> = ContentNegotiation::features(&reply).collect();
    assert_eq!(features, ["(&(image-file-structure=TIFF-minimal)", "(MRC-mode=0))"]);
}
