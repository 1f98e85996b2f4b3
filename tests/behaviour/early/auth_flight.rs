//! MAIL and RCPT in one flight with AUTH: when, and what follows.

use smtp::auth::{Anonymous, Credentials, External, OAuthBearer, ScramSha256, XOauth2};
use smtp::command::Noop;
use smtp::testing::Script;
use smtp::{Body, Envelope, Login, Mechanism, Plain, Policy, TlsConfig, Transfer};
use tests::Fate as _;

use super::in_tls;
use super::{AUTH, Bed, COMMANDS, MESSAGE, OFFERS, QUIT, TAKEN, alone, chunked, envelope, flight};

#[tokio::test(start_paused = true)]
async fn the_message_follows_once_auth_and_recipients_were_answered() {
    let dialogue = format!("{}S: 235 ok\n{TAKEN}{MESSAGE}{QUIT}", flight());
    let bed = Bed::new([in_tls(OFFERS, &dialogue)]);
    let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
    let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
    let (connection, result) = sent.expect("a session");
    assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:ok");
    connection.quit().await.expect("QUIT");
    bed.finish();
}

/// Bytes come one at a time, in both directions.
#[tokio::test(start_paused = true)]
async fn a_byte_at_a_time() {
    let dialogue = format!("{}S: 235 ok\n{TAKEN}{MESSAGE}{QUIT}", flight());
    let bed = Bed::new([in_tls(OFFERS, &dialogue).fragmented(1).write_limit(1)]);
    let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
    let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
    let (connection, result) = sent.expect("a session");
    assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:ok");
    connection.quit().await.expect("QUIT");
    bed.finish();
}

/// A server that takes its time is waited for, and nothing leaves meanwhile.
#[tokio::test(start_paused = true)]
async fn a_slow_server() {
    let dialogue = format!(
        "{}-- wait 1m --\nS: 235 ok\n-- wait 4m --\nS: 250 sender\nS: 250 a\n-- wait 4m --
         S: 550 b\n{MESSAGE}",
        flight()
    );
    let bed = Bed::new([in_tls(OFFERS, &dialogue)]);
    let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
    let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
    let (_, result) = sent.expect("a session");
    assert_eq!(result.fate(), "Delivered 250 | 250:ok 550:550");
    bed.finish();
}

async fn through(mechanism: impl Mechanism, auth: &str, is_followed: bool) {
    let name = mechanism.name().to_owned();
    let offers = [
        "PIPELINING",
        "CHUNKING",
        "SIZE",
        "AUTH PLAIN LOGIN XOAUTH2 OAUTHBEARER \
        EXTERNAL ANONYMOUS SCRAM-SHA-256",
    ];
    let dialogue = if is_followed {
        format!("C: AUTH {auth}\n{COMMANDS}S: 235 ok\n{TAKEN}{MESSAGE}")
    } else {
        format!("C: AUTH {auth}\nS: 535 no\n{QUIT}")
    };
    let bed = Bed::new([in_tls(&offers, &dialogue)]);
    let sent = chunked(&bed).auth(mechanism).connect_and_deliver(&envelope(), "x\r\n").await;
    assert_eq!(sent.is_ok(), is_followed, "{name}: {:?}", sent.err());
    bed.finish();
}

/// Commands follow the mechanisms that say all in their initial response, and no other.
#[tokio::test(start_paused = true)]
async fn mechanisms_of_one_round() {
    through(Plain::new("me", "pencil"), "PLAIN *", true).await;
    through(XOauth2::new("me", "token"), "XOAUTH2 *", true).await;
    through(OAuthBearer::new("me", "token"), "OAUTHBEARER *", true).await;
    through(External::new(), "EXTERNAL =", true).await;
    through(Anonymous::new(), "ANONYMOUS =", true).await;
    through(Credentials::token("me", "token"), "OAUTHBEARER *", true).await;
    through(Credentials::password("me", "pencil").only("PLAIN"), "PLAIN *", true).await;
    through(OAuthBearer::discovery("me"), "OAUTHBEARER *", false).await;
    through(Login::new("me", "pencil"), "LOGIN", false).await;
    through(ScramSha256::new("me", "pencil"), "SCRAM-SHA-256 *", false).await;
    through(Credentials::password("me", "pencil"), "SCRAM-SHA-256 *", false).await;
    // The initial response does not fit into the line, and the server asks for it.
    through(Plain::new("me", "p".repeat(500)), "PLAIN", false).await;
}

/// Nothing leaves with AUTH where the server does not let commands follow, or the message gains
/// nothing.
#[tokio::test(start_paused = true)]
async fn auth_goes_alone() {
    const DATA: &str = "C: DATA\nS: 250 sender\nS: 250 a\nS: 250 b\nS: 354 go\nC: x\nC: .
                        S: 250 taken\n";
    let no_chunks = &["PIPELINING", "SIZE", "AUTH PLAIN"];
    let singly = format!(
        "{AUTH}S: 235 ok\nC: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 a\nC: RCPT *\nS: 250 b\n{MESSAGE}"
    );
    let eager =
        format!("{COMMANDS}C: BDAT 3 LAST\nC: x\nC: HELP\n{TAKEN}S: 250 taken\nS: 214 ok\n");
    let table: [(&str, &[&str], Transfer, String); 5] = [
        ("no PIPELINING", &["CHUNKING", "SIZE", "AUTH PLAIN"], Transfer::chunks(), singly),
        (
            "no CHUNKING",
            no_chunks,
            Transfer::chunks(),
            format!("{AUTH}S: 235 ok\n{COMMANDS}{DATA}"),
        ),
        ("DATA", OFFERS, Transfer::data(), format!("{AUTH}S: 235 ok\n{COMMANDS}{DATA}")),
        ("eager", OFFERS, Transfer::eager(), format!("{AUTH}S: 235 ok\n{eager}")),
        ("chunks", OFFERS, Transfer::chunks(), format!("{}S: 235 ok\n{TAKEN}{MESSAGE}", flight())),
    ];
    for (name, offers, transfer, dialogue) in table {
        let bed = Bed::new([in_tls(offers, &dialogue)]);
        let submission = chunked(&bed).transfer(transfer).auth(Plain::new("me", "pencil"));
        let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
        let (_, result) = sent.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(result.fate(), "Delivered 250 | 250:ok 250:ok", "{name}");
        bed.finish();
    }
}

/// Off by default, and where a second EHLO may offer other parameters of MAIL.
#[tokio::test(start_paused = true)]
async fn the_option_is_asked_for() {
    let bed = Bed::new([in_tls(OFFERS, &alone())]);
    let submission = bed.submission.clone().implicit_tls().transfer(Transfer::chunks());
    let sent = submission.auth(Plain::new("me", "pencil"));
    sent.connect_and_deliver(&envelope(), "x\r\n").await.expect("a session").1.expect("taken");
    bed.finish();

    let second = format!("{AUTH}S: 235 ok\n{}{COMMANDS}{TAKEN}{MESSAGE}", tests::ehlo(OFFERS));
    let bed = Bed::new([in_tls(OFFERS, &second)]);
    let sent = chunked(&bed).ehlo_after_auth().auth(Plain::new("me", "pencil"));
    sent.connect_and_deliver(&envelope(), "x\r\n").await.expect("a session").1.expect("taken");
    bed.finish();
}

/// Through a door AUTH goes alone.
#[tokio::test(start_paused = true)]
async fn a_login_at_a_server_that_is_not_verified() {
    let any = TlsConfig::builder().dangerous().accept_any_certificate().build().expect("TLS");
    let bed = Bed::new([in_tls(OFFERS, &alone())]);
    let sent = chunked(&bed).tls(any).dangerous().auth(Plain::new("me", "pencil"));
    sent.connect_and_deliver(&envelope(), "x\r\n").await.expect("a session").1.expect("taken");
    bed.finish();
}

/// A policy that looks at the recipients gains a round trip with DATA too, and still decides.
#[tokio::test(start_paused = true)]
async fn a_policy_decides() {
    let all = "C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 taken\n";
    for (second, rest, fate) in [
        ("250 b", all, "Delivered 250 | 250:ok 250:ok"),
        (
            "450 b",
            "C: RSET\nC: NOOP\nS: 250 ok\nS: 250 ok\n",
            "Refused transient Server - | 250:local 450:450",
        ),
    ] {
        let dialogue =
            format!("{}S: 235 ok\nS: 250 sender\nS: 250 a\nS: {second}\n{rest}", flight());
        let bed = Bed::new([in_tls(OFFERS, &dialogue)]);
        let submission = chunked(&bed).transfer(Transfer::data()).auth(Plain::new("me", "pencil"));
        let envelope = envelope().policy(Policy::AllOrNothing);
        let sent = submission.connect_and_deliver(&envelope, "x\r\n").await;
        let (mut connection, result) = sent.expect("a session");
        assert_eq!(result.fate(), fate);
        if result.is_err() {
            connection.send(Noop).await.expect("the session goes on");
        }
        bed.finish();
    }
}

/// Parameters, splitting and the limit on sizes hold as in any delivery.
#[tokio::test(start_paused = true)]
async fn the_transaction_is_the_one_of_any_delivery() {
    let offers = ["PIPELINING", "CHUNKING", "SIZE", "8BITMIME", "AUTH PLAIN", "LIMITS RCPTMAX=1"];
    let mail = "C: MAIL FROM:<me@example.com> SIZE=4 BODY=8BITMIME\n";
    let message = "C: BDAT 4 LAST\nC: \u{fc}\nS: 250 taken\n";
    let dialogue = format!(
        "{AUTH}{mail}C: RCPT TO:<a@example.org>\nS: 235 ok\nS: 250 sender\nS: 250 a\n{message}\
         {mail}C: RCPT TO:<b@example.org>\nS: 250 sender\nS: 250 b\n{message}"
    );
    let bed = Bed::new([in_tls(&offers, &dialogue)]);
    let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
    let sent = submission.connect_and_deliver(&envelope(), "\u{fc}\r\n").await;
    assert_eq!(sent.expect("a session").1.fate(), "Delivered 250 | 250:ok 250:ok");
    bed.finish();

    // One that cannot be sent costs no command, and the session has begun.
    let bed = Bed::new([in_tls(OFFERS, &format!("{AUTH}S: 235 ok\n{QUIT}"))]);
    let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
    let sent = submission.connect_and_deliver(&envelope(), "x".repeat(1001)).await;
    let (connection, result) = sent.expect("a session");
    assert_eq!(result.fate(), "Refused permanent Caller - | -:local -:local");
    connection.quit().await.expect("QUIT");
    bed.finish();
}

/// The recipients of a long list wait for room, and the replies to them for each other.
#[tokio::test(start_paused = true)]
async fn a_long_list_of_recipients() {
    const MANY: usize = 20_000;
    let names = (0..MANY).map(|number| format!("recipient{number}@example.org"));
    let envelope = Envelope::new("me@example.com", names.clone()).expect("addresses");
    let rcpts: Vec<_> = names.map(|name| format!("C: RCPT TO:<{name}>\n")).collect();
    let rcpts = rcpts.concat();
    let replies = "S: 250 ok\n".repeat(MANY + 1);
    let dialogue =
        format!("{AUTH}C: MAIL FROM:<me@example.com> SIZE=3\n{rcpts}S: 235 ok\n{replies}{MESSAGE}");
    let bed = Bed::new([in_tls(OFFERS, &dialogue)]);
    let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
    let sent = submission.connect_and_deliver(&envelope, "x\r\n").await;
    let receipt = sent.expect("a session").1.expect("delivered");
    assert_eq!(receipt.accepted().count(), MANY);
    bed.finish();
}

/// A source is read once AUTH was accepted, and not before.
#[tokio::test(start_paused = true)]
async fn a_source_waits_for_auth() {
    let dialogue = format!(
        "{AUTH}C: MAIL *\nC: RCPT *\nC: RCPT *\nS: 235 ok\n{TAKEN}C: BDAT 3 LAST\nC: x\nS: 250 ok\n"
    );
    let bed = Bed::new([in_tls(OFFERS, &dialogue)]);
    let submission = chunked(&bed).auth(Plain::new("me", "pencil"));
    let body: Body<'_> = tests::slow([(5, Some("x\r\n"))]);
    let sent = submission.connect_and_deliver(&envelope(), body).await;
    assert_eq!(sent.expect("a session").1.fate(), "Delivered 250 | 250:ok 250:ok");
    bed.finish();
}

/// Under STARTTLS the capabilities of the session inside TLS decide.
#[tokio::test(start_paused = true)]
async fn after_starttls() {
    for (inside, dialogue) in [
        (OFFERS, format!("{}S: 235 ok\n{TAKEN}{MESSAGE}", flight())),
        (&["CHUNKING", "SIZE", "AUTH PLAIN"], format!("{AUTH}S: 535 no\n{QUIT}")),
    ] {
        let script = Script::new(&tests::hello(&["STARTTLS", "PIPELINING", "CHUNKING"]))
            .then("C: STARTTLS\nS: 220 go\n-- tls --")
            .then(&tests::ehlo(inside))
            .then(&dialogue)
            .lockstep();
        let bed = Bed::new([script]);
        let submission = bed.submission.clone().transfer(Transfer::chunks()).pipeline_auth();
        let submission = submission.auth(Plain::new("me", "pencil"));
        let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
        assert_eq!(sent.is_ok(), inside.len() == OFFERS.len());
        bed.finish();
    }
}
