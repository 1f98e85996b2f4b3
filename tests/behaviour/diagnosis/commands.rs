//! A command that cannot be sent names the value that is wrong, and a reply that cannot be read
//! its command.

use smtp::command::{Argument, Arguments, Line, encode};
use smtp::error::EncodeError;
use smtp::grammar::Capabilities;
use smtp::{Command, Envelope, Error, Plain, Secret, SmtpCommand, SmtpReply};
use tests::{error, greeted, script, secured};

#[derive(SmtpCommand)]
#[smtp(verb = "X-SAY", valid_in(any))]
struct Say<'a> {
    text: &'a str,
    #[smtp(param = "KEY")]
    key: Option<&'a str>,
    secret: Option<Secret>,
}

fn why(command: &impl Command) -> String {
    encode(command, &Capabilities::none()).map(drop).map_err(|error| error.to_string()).unwrap_err()
}

#[test]
fn the_value_that_is_wrong_is_named() {
    let say = |text, key| Say { text, key, secret: None };
    let long = "y".repeat(100);
    let spaced = format!("{long} z");
    let table = [
        (
            say("two words", None),
            "\"two words\" holds a space or a control character and would be read as two \
             arguments: quote it (`SmtpString`) or encode it (`xtext`)",
        ),
        (
            say("a\r\nQUIT", None),
            "\"a\\x0d\\x0aQUIT\" holds the byte 0x0d, which would end the line: remove CR, LF and \
             NUL from it",
        ),
        (say("", None), "the argument after \"X-SAY\" is empty: leave it out or fill it"),
        (
            say("a", Some("")),
            "the argument after \"X-SAY a KEY\" is empty: leave it out or fill it",
        ),
        (
            say("a", Some("b c")),
            "\"b c\" holds a space or a control character and would be read as two arguments: \
             quote it (`SmtpString`) or encode it (`xtext`)",
        ),
        (
            say("gr\u{fc}n", Some("b")),
            "\"gr\u{fc}n\" holds characters beyond ASCII, and the server does not offer SMTPUTF8 \
             (RFC 6531): use an ASCII form of it, or another server",
        ),
    ];
    for (command, expected) in table {
        assert_eq!(why(&command), expected);
    }
    let whole = format!("{} z", &long[..78]);
    assert!(why(&say(&whole, None)).starts_with(&format!("\"{whole}\" holds a space")));
    let shown = format!("\"{}...\" holds a space", &long[..80]);
    let error = why(&say(&spaced, None));
    assert!(error.starts_with(&shown), "{error}");
}

/// Writes two arguments where there should be one, as free text ends a line.
struct TwoWords(&'static str);

impl Argument for TwoWords {
    fn write(&self, line: &mut Line<'_>) {
        line.arg(&"pen cil");
        line.arg(self.0);
    }
}

/// Free text, which is checked with the whole line.
struct FreeText(Option<&'static str>);

impl Arguments for FreeText {
    fn write(&self, line: &mut Line<'_>) {
        match self.0 {
            Some(secret) => line.text(&Secret::from(secret)),
            None => line.text(&""),
        }
    }
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-TELL", valid_in(any))]
struct Tell {
    #[smtp(secret)]
    secret: Option<TwoWords>,
    first: Option<Secret>,
    text: Option<&'static str>,
    #[smtp(flatten)]
    rest: Option<FreeText>,
}

/// The errors of a line that holds a secret somewhere.
#[test]
fn arguments_beside_a_secret_are_shown_without_it() {
    let tell = || Tell { secret: None, first: Some("pencil".into()), text: None, rest: None };
    let table = [
        (
            Tell { secret: Some(TwoWords("x")), first: None, ..tell() },
            "a secret holds a space or a control character",
        ),
        (Tell { text: Some(""), ..tell() }, "the argument after a secret is empty"),
        (Tell { text: Some("a b"), ..tell() }, "\"a b\" holds a space"),
        (Tell { text: Some("gr\u{fc}n"), ..tell() }, "\"gr\u{fc}n\" holds characters"),
        (
            Tell {
                first: None,
                text: Some("gr\u{fc}n"),
                rest: Some(FreeText(Some("cil"))),
                ..tell()
            },
            "\"gr\u{fc}n\" holds characters",
        ),
        (Tell { rest: Some(FreeText(None)), ..tell() }, "the argument after a secret is empty"),
        (Tell { rest: Some(FreeText(Some("c\r\nil"))), ..tell() }, "a secret holds the byte 0x0d"),
    ];
    for (command, expected) in table {
        let said = why(&command);
        assert!(said.starts_with(expected) && !said.contains("cil"), "{said}");
    }
}

/// A secret is not shown, with any mistake in it or after it.
#[tokio::test(start_paused = true)]
async fn a_secret_that_is_wrong_is_not_shown() {
    for secret in ["pen\r\ncil", "", "gr\u{fc}n"] {
        let secret = Some(Secret::from(secret));
        let (mut connection, peer) = secured(&[], "").await;
        let said = error(connection.send(Say { text: "a", key: None, secret }).await).to_string();
        assert!(!said.contains("cil") && !said.contains("gr\u{fc}n"), "{said}");
        assert!(said.starts_with("X-SAY was not sent: "), "{said}");
        peer.finish();
    }
}

/// A program can tell it from every other error of a command.
#[tokio::test(start_paused = true)]
async fn a_secret_in_clear_is_told_by_its_error() {
    for (secret, reveals) in [(Some(Secret::from("pencil")), true), (None, false)] {
        let (mut connection, peer) = greeted(script(&[], "")).await;
        let text = if reveals { "a" } else { "" };
        let refused = error(connection.send(Say { text, key: None, secret }).await);
        let Error::Refused(refusal) = refused else { panic!("it was sent: {refused}") };
        assert_eq!(refusal.encode_error().map(EncodeError::reveals_secret), Some(reveals));
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_beyond_ascii_is_told_of_by_what_the_server_offers() {
    let (mut connection, peer) = greeted(script(&[], "")).await;
    let envelope = Envelope::new("me@example.com", ["d\u{fc}@example.org"]).unwrap();
    let refused = error(connection.deliver(&envelope, "x").await);
    assert_eq!(
        refused.to_string(),
        "RCPT was not sent: \"TO:<d\u{fc}@example.org>\" holds characters beyond ASCII, and the \
         server does not offer SMTPUTF8 (RFC 6531): use an ASCII form of it, or another server"
    );
    peer.finish();
    let dialogue = "C: MAIL FROM:<me@example.com>\nS: 250 ok";
    let (connection, peer) = greeted(script(&["SMTPUTF8"], dialogue)).await;
    let sender: smtp::Mailbox = "me@example.com".parse().unwrap();
    let mut mail = connection.mail(smtp::command::Mail::from(sender)).await.unwrap();
    let path: smtp::Mailbox = "d\u{fc}@example.org".parse().unwrap();
    let refused = error(mail.rcpt(smtp::command::Rcpt::to(path)).await);
    assert_eq!(
        refused.to_string(),
        "RCPT was not sent: \"TO:<d\u{fc}@example.org>\" holds characters beyond ASCII, which \
         need SMTPUTF8: ask for it in MAIL, or use an ASCII form (RFC 6531)"
    );
    peer.finish();
}

#[derive(SmtpReply)]
#[expect(dead_code, reason = "what it holds is never read")]
enum Count {
    #[smtp(code(250))]
    Of(u32),
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-COUNT", reply = Count, accepts(250), valid_in(any))]
struct CountThem;

#[tokio::test(start_paused = true)]
async fn a_reply_that_cannot_be_read_names_its_command() {
    let dialogue = "C: X-COUNT\nS: 250 2.0.0 many";
    let (mut connection, peer) = greeted(script(&["PIPELINING"], dialogue)).await;
    let unreadable = error(connection.send(CountThem).await);
    let expected = "X-COUNT was accepted, but its reply cannot be read: its type expects something \
                    else at byte 7 of the text of line 1: 250 2.0.0 many";
    assert_eq!(unreadable.to_string(), expected);
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn the_error_lists_the_offers_where_a_mechanism_is_missing() {
    let mut plain = Plain::new("me", "pencil");
    let (connection, peer) = secured(&["AUTH CRAM-MD5 LOGIN"], "").await;
    let refused = error(connection.authenticate(&mut plain).await);
    let expected = "the server does not offer the authentication mechanism PLAIN: it offers \
                    CRAM-MD5, LOGIN";
    assert_eq!(refused.to_string(), expected);
    peer.finish();
    let (connection, peer) = secured(&[], "").await;
    let refused = error(connection.authenticate(&mut plain).await);
    let expected = "authentication with PLAIN was not tried, because the server offers none: use \
                    its port for submission (587 or 465), or send without authentication";
    assert_eq!(refused.to_string(), expected);
    peer.finish();
    let (connection, peer) = greeted(script(&["STARTTLS"], "")).await;
    let refused = error(connection.dangerous().authenticate(&mut plain).await);
    let expected = "authentication with PLAIN was not tried, because the server offers none: it \
                    may offer AUTH only after STARTTLS";
    assert_eq!(refused.to_string(), expected);
    peer.finish();
}
