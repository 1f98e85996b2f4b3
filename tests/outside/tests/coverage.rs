//! Commands of RFCs and vendors, as they stand on the wire, and their replies as values.

use outside::*;
use smtp::auth::{Challenge, Step};
use smtp::command::encode;
use smtp::connection::TransitionError;
use smtp::grammar::{Capabilities, ReplyCode, SmtpString};
use smtp::state::{Authed, Greeted, Tls};
use smtp::testing::{Peer, Script};
use smtp::{Command, Connection, Error, Mechanism, Reply, Secret, Server, TlsConfig};

fn offering(keywords: &[&str]) -> Capabilities {
    let lines = ["mail.example.test"].iter().chain(keywords);
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines))
}

fn line<C: Command>(command: &C, keywords: &[&str]) -> String {
    String::from_utf8(encode(command, &offering(keywords)).unwrap()).unwrap()
}

async fn greeted(offers: &str, dialogue: &str) -> (Connection<Greeted>, Peer) {
    let hello = format!("S: 220 hi\nC: EHLO *\nS: 250-mail.example.test\nS: 250 {offers}\n");
    let (stream, peer) = Script::new(&hello).then(dialogue).start();
    let server = Server::new("mail.example.test", 25);
    (Connection::from_stream(stream, &server).await.unwrap(), peer)
}

async fn secured(offers: &str, dialogue: &str) -> (Connection<Tls>, Peer) {
    let hello = format!("S: 220 hi\nC: EHLO *\nS: 250-mail.example.test\nS: 250 {offers}\n");
    let (stream, peer) = Script::new("-- tls --").then(&hello).then(dialogue).start();
    let server = Server::new("mail.example.test", 465);
    let tls = TlsConfig::builder().root_pem(peer.authority_pem()).build().unwrap();
    (Connection::from_tls_stream(stream, &server, &tls).await.unwrap(), peer)
}

async fn authed(offers: &str, dialogue: &str) -> (Connection<Authed>, Peer) {
    let login = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok\n";
    let hello = format!(
        "S: 220 hi\nC: EHLO *\nS: 250-mail.example.test\nS: 250-AUTH PLAIN\nS: 250 {offers}\n"
    );
    let (stream, peer) = Script::new("-- tls --").then(&hello).then(login).then(dialogue).start();
    let server = Server::new("mail.example.test", 465);
    let tls = TlsConfig::builder().root_pem(peer.authority_pem()).build().unwrap();
    let connection = Connection::from_tls_stream(stream, &server, &tls).await.unwrap();
    let mut plain = Plain("me".to_owned(), Secret::from("pencil"));
    (connection.authenticate(&mut plain).await.unwrap(), peer)
}

#[test]
fn lines() {
    let domain = |name: &str| name.parse().unwrap();
    let atrn = |names: &[&str]| Atrn { domains: names.iter().map(|name| domain(name)).collect() };
    assert_eq!(line(&atrn(&[]), &["ATRN"]), "ATRN\r\n");
    assert_eq!(line(&atrn(&["a.example", "b.example"]), &["ATRN"]), "ATRN a.example,b.example\r\n");
    assert_eq!(line(&Bdat { bytes: 100, last: false }, &["CHUNKING"]), "BDAT 100\r\n");
    assert_eq!(line(&Bdat { bytes: 0, last: true }, &["CHUNKING"]), "BDAT 0 LAST\r\n");
    let uri = "imap://harry@example.com/INBOX;uid=25627;urlauth=x";
    assert_eq!(line(&Burl { uri, last: true }, &["BURL imap"]), format!("BURL {uri} LAST\r\n"));
    assert!(encode(&Burl { uri: "imap://a b", last: true }, &offering(&["BURL"])).is_err());
    assert_eq!(line(&Lhlo("foo.edu".parse().unwrap()), &[]), "LHLO foo.edu\r\n");
    assert_eq!(line(&WellKnown("a b"), &["WELLKNOWN"]), "WELLKNOWN a+20b\r\n");
    let forward = XForward {
        name: "spike.example".to_owned(),
        address: "192.0.2.1".parse().unwrap(),
        source: "REMOTE",
    };
    let all = "XFORWARD NAME=spike.example ADDR=192.0.2.1 SOURCE=REMOTE\r\n";
    assert_eq!(line(&forward, &["XFORWARD NAME ADDR PROTO HELO SOURCE"]), all);
    assert_eq!(line(&forward, &["XFORWARD ADDR"]), "XFORWARD ADDR=192.0.2.1\r\n");
}

#[tokio::test(start_paused = true)]
async fn users_and_lists() {
    let text = |text: &str| SmtpString::try_from(text).unwrap();
    let dialogue = "C: VRFY Smith
                    S: 250 2.1.5 Fred Smith <Smith@foo.example>
                    C: VRFY Green
                    S: 252 2.0.0 who knows
                    C: EXPN Example-People
                    S: 250-Jon Postel <Postel@isi.example>
                    S: 250-Fred Fonebone <Fonebone@physics.example>
                    S: 250 SamQ.Smith@specific.generic.example
                    C: EXPN Others
                    S: 250-a@b.example
                    S: 250 not an address";
    let (mut connection, peer) = greeted("EXPN", dialogue).await;
    let member = |name: &str, mailbox: &str| Member {
        name: name.to_owned(),
        mailbox: mailbox.parse().unwrap(),
    };
    let known = connection.send(Vrfy(text("Smith"))).await.unwrap();
    assert_eq!(known, Verdict::Known(member("Fred Smith", "Smith@foo.example")));
    let unsaid = connection.send(Vrfy(text("Green"))).await.unwrap();
    assert!(matches!(unsaid, Verdict::Unsaid(_)));
    let list = connection.send(Expn(text("Example-People"))).await.unwrap();
    assert_eq!(list.members.len(), 3);
    assert_eq!(list.members[1], member("Fred Fonebone", "Fonebone@physics.example"));
    let Error::Reply(error) = connection.send(Expn(text("Others"))).await.unwrap_err() else {
        panic!("the second line is no member");
    };
    assert_eq!(error.position().map(|(line, _)| line), Some(1));
    assert!(error.to_string().contains("line 2"), "{error}");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_document() {
    let dialogue = "C: WELLKNOWN security
                    S: 250-security SIZE=11
                    S: 250-Hello+20
                    S: 250 world";
    let (mut connection, peer) = greeted("WELLKNOWN", dialogue).await;
    let document = connection.send(WellKnown("security")).await.unwrap();
    assert_eq!((document.bytes, document.name.as_str()), (Some(11), "security"));
    assert_eq!(document.content(), b"Hello world");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_conversation() {
    let dialogue = "C: X-SURVEY
                    S: 350 your favourite colour?
                    C: blue
                    S: 350 your quest?
                    C: mail
                    S: 250 thanks SCORE=9
                    C: X-SURVEY
                    S: 350 the airspeed of a swallow?";
    let (mut connection, peer) = greeted("SIZE", dialogue).await;
    let mut answers = Answers(&[("colour", "blue"), ("quest", "mail")]);
    let thanks = connection.exchange(Survey, &mut answers).await.unwrap();
    assert_eq!(thanks, Thanks { score: 9, rank: None });
    let lost = connection.exchange(Survey, &mut answers).await.unwrap_err();
    assert!(lost.to_string().contains("nobody thought of"), "{lost}");
    assert!(peer.is_closed());

    let (mut connection, peer) = greeted("SIZE", "C: X-SURVEY\nS: 350 colour?").await;
    let mut forged = Answers(&[("colour", "blue\r\nDATA")]);
    assert!(connection.exchange(Survey, &mut forged).await.is_err());
    assert!(peer.written().ends_with(b"X-SURVEY\r\n"), "nothing of it was sent");
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_authenticates() {
    let dialogue = "C: X-EXPS GSSAPI dDE=
                    S: 334 czE=
                    C: dDI=
                    S: 235 ok
                    C: NOOP
                    S: 250 ok";
    let (connection, peer) = secured("X-EXPS GSSAPI", dialogue).await;
    let begin = Exps { mechanism: "GSSAPI", token: Secret::from("t1") };
    let mut ticket = Ticket(vec![Secret::from("t2")]);
    let (mut connection, _) = connection.exchange_into(begin, &mut ticket).await.unwrap();
    connection.send(smtp::command::Noop).await.unwrap();
    peer.finish();

    let (connection, peer) = secured("X-EXPS GSSAPI", "C: X-EXPS *\nS: 535 no").await;
    let begin = Exps { mechanism: "GSSAPI", token: Secret::from("t1") };
    let refused = connection.exchange_into(begin, &mut Ticket(vec![])).await;
    assert!(matches!(refused, Err(TransitionError::Refused(_))));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn the_roles_turn() {
    let dialogue = "C: ATRN example.com\nS: 250 now I am the client\nS: EHLO mail.example.test";
    let (connection, peer) = authed("ATRN", dialogue).await;
    let atrn = Atrn { domains: vec!["example.com".parse().unwrap()] };
    let (over, reply) = connection.into_stream(atrn).await.unwrap();
    assert_eq!(reply.text(), "now I am the client");
    assert_eq!(over.unread, "EHLO mail.example.test\r\n");
    assert!(!peer.is_closed(), "the stream is ours to go on with");
    drop(over);
    assert!(peer.is_closed());

    let (connection, _) = authed("ATRN", "C: ATRN\nS: 453 no mail").await;
    let refused = connection.into_stream(Atrn { domains: vec![] }).await;
    assert!(matches!(refused, Err(TransitionError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn mechanisms_that_stand_for_built_in_ones() {
    let dialogue = "C: AUTH LOGIN\nS: 334\nC: bWU=\nS: 334\nC: cGVuY2ls\nS: 235 ok";
    let (connection, peer) = secured("AUTH LOGIN", dialogue).await;
    let mut login = Login("me".to_owned(), Secret::from("pencil"));
    connection.authenticate(&mut login).await.unwrap();
    peer.finish();

    let dialogue = "C: AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciB0AQE=
                    S: 334 eyJzdGF0dXMiOiI0MDEifQ==
                    C:
                    S: 535 no";
    let (connection, peer) = secured("AUTH XOAUTH2", dialogue).await;
    let mut bearer = XOauth2 { user: "me".to_owned(), token: Secret::from("t") };
    assert!(connection.authenticate(&mut bearer).await.is_err());
    peer.finish();
}

/// The answer of a mechanism to a challenge.
fn answer(mechanism: &mut dyn Mechanism, challenge: &str) -> Option<String> {
    let Ok(Step::Respond(response)) = mechanism.respond(Challenge::new(0, challenge.as_bytes()))
    else {
        return None;
    };
    Some(String::from_utf8(response.expose().to_vec()).unwrap())
}

#[test]
fn vectors() {
    // RFC 2195 §2
    let mut cram = CramMd5 { user: "tim".to_owned(), password: Secret::from("tanstaaftanstaaf") };
    let challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
    let digest = "tim b913a602c7eda7a495b4e6e7334d3890";
    assert_eq!(answer(&mut cram, challenge).as_deref(), Some(digest));
    // RFC 2444 §4
    let mut otp = Otp { user: "tim".to_owned(), passphrase: Secret::from("This is a test.") };
    let initial = otp.initial_response().unwrap().unwrap();
    assert_eq!(initial.expose(), b"\0tim");
    let challenge = "b3RwLW1kNSA0OTkga2UxMjM0IGV4dA==";
    assert_eq!(answer(&mut otp, challenge).as_deref(), Some("hex:5bf075d9959d036f"));
    assert_eq!(answer(&mut otp, "b3RwLW1kNSAwIGtlMTIzNCBleHQ="), None, "the sequence is used up");
}
