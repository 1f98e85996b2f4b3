//! The commands and mechanisms of this crate, against scripted servers.

use outside::{Bound, Etrn, Fetched, Queue, Stretched, TokenLogin, Vault, XClient, XForward};
use smtp::command::{Mail, Rcpt};
use smtp::connection::TransitionError;
use smtp::state::{Greeted, Tls};
use smtp::testing::{Peer, Script};
use smtp::{Connection, Secret, Server, TlsConfig};

async fn greeted(dialogue: &str) -> (Connection<Greeted>, Peer) {
    let (stream, peer) = Script::new(dialogue).start();
    let server = Server::new("mail.example.test", 25);
    (Connection::from_stream(stream, &server).await.unwrap(), peer)
}

async fn secured(dialogue: &str) -> (Connection<Tls>, Peer) {
    let (stream, peer) = Script::new("-- tls --").then(dialogue).start();
    let server = Server::new("mail.example.test", 465);
    let tls = TlsConfig::builder().root_pem(peer.authority_pem()).build().unwrap();
    (Connection::from_tls_stream(stream, &server, &tls).await.unwrap(), peer)
}

#[tokio::test(start_paused = true)]
async fn xclient_begins_the_session_again() {
    let (connection, peer) = secured(
        "S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250-mail.example.test
         S: 250-SIZE 1000
         S: 250 XCLIENT NAME ADDR
         C: XCLIENT NAME=a+20b ADDR=IPV6:2001:db8::1
         S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250-mail.example.test
         S: 250 SIZE 2000",
    )
    .await;
    let command = XClient { name: Some("a b".to_owned()), address: "2001:db8::1".parse().unwrap() };
    let (connection, reply) = connection.transition(command).await.unwrap();
    assert_eq!(reply.code().value(), 220);
    assert!(!connection.capabilities().has("XCLIENT"), "what was said before is forgotten");
    assert!(connection.capabilities().has("SIZE"));
    assert!(connection.security().is_some(), "TLS stays");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn xclient_ends_an_authentication() {
    let (connection, peer) = secured(
        "S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250-mail.example.test
         S: 250-XCLIENT ADDR
         S: 250 AUTH PLAIN
         C: AUTH PLAIN AG1lAHBlbmNpbA==
         S: 235 ok
         C: XCLIENT ADDR=192.0.2.1
         S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250 mail.example.test",
    )
    .await;
    let authed = connection.authenticate(&mut smtp::Plain::new("me", "pencil")).await.unwrap();
    let command = XClient { name: None, address: "192.0.2.1".parse().unwrap() };
    let (connection, _) = authed.transition(command).await.unwrap();
    assert!(matches!(
        smtp::connection::AnyConnection::from(connection),
        smtp::connection::AnyConnection::Tls(_)
    ));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn xclient_is_not_sent_to_a_server_that_does_not_offer_it() {
    let (connection, peer) = greeted(
        "S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250 mail.example.test",
    )
    .await;
    let command = XClient { name: None, address: "192.0.2.1".parse().unwrap() };
    let refused = connection.transition(command).await;
    assert!(matches!(refused, Err(TransitionError::Refused(_))));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn etrn_has_its_own_replies() {
    let (mut connection, peer) = greeted(
        "S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250-mail.example.test
         S: 250 ETRN
         C: ETRN example.com
         S: 250 OK, queuing for node example.com started
         C: ETRN @example.com
         S: 253 OK, 14 pending messages for node example.com started
         C: ETRN #uucp
         S: 251 OK, no messages waiting
         C: ETRN #uucp
         S: 458 Unable to queue messages for node uucp",
    )
    .await;
    let domain = || "example.com".parse().unwrap();
    assert_eq!(connection.send(Etrn::Domain(domain())).await.unwrap(), Queue::Started);
    let pending = connection.send(Etrn::Subdomains(domain())).await.unwrap();
    assert_eq!(pending, Queue::Messages(14));
    let uucp = || Etrn::Queue("uucp".to_owned());
    assert_eq!(connection.send(uucp()).await.unwrap(), Queue::Empty);
    let refused = connection.send(uucp()).await.unwrap_err();
    assert!(refused.is_transient(), "{refused}");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn xforward_flies_with_the_commands_of_its_message() {
    let hello = "S: 220 mail.example.test
                 C: EHLO [127.0.0.1]
                 S: 250-mail.example.test
                 S: 250-XFORWARD NAME ADDR\n";
    let group = [
        ("C: XFORWARD NAME=a+20b ADDR=192.0.2.1", "S: 250 ok"),
        ("C: MAIL FROM:<>", "S: 250 ok"),
        ("C: RCPT TO:<you@example.org>", "S: 250 ok"),
        ("C: DATA", "S: 354 go"),
    ];
    let (said, answered): (Vec<_>, Vec<_>) = group.into_iter().unzip();
    let flight = format!("S: 250 PIPELINING\n{}\n{}\n", said.join("\n"), answered.join("\n"));
    let steps: String = group.iter().map(|(said, answer)| format!("{said}\n{answer}\n")).collect();
    let steps = format!("S: 250 HELP\n{steps}");
    for commands in [flight, steps] {
        let message = "C: content\nC: .\nS: 250 queued as Q";
        let (connection, peer) = greeted(&format!("{hello}{commands}{message}")).await;
        let forward = XForward {
            name: "a b".to_owned(),
            address: "192.0.2.1".parse().unwrap(),
            source: "REMOTE",
        };
        let you: smtp::Mailbox = "you@example.org".parse().unwrap();
        let (connection, (forward, _, _, message)) = connection
            .pipeline()
            .send(forward)
            .mail(Mail::from(smtp::grammar::ReversePath::Null))
            .rcpt(Rcpt::to(you))
            .data("content\r\n")
            .await;
        connection.unwrap();
        assert!(forward.is_accepted());
        assert_eq!(message.end.into_accepted().unwrap().queue_id().as_deref(), Some("Q"));
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_authenticates() {
    let (connection, peer) = secured(
        "S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250-mail.example.test
         S: 250 X-TOKEN
         C: X-TOKEN me czNjcjN0
         S: 250 welcome
         C: MAIL FROM:<me@example.com>
         S: 250 ok",
    )
    .await;
    let login = TokenLogin { user: "me", token: Secret::from("s3cr3t") };
    let (connection, _) = connection.transition(login).await.unwrap();
    let sender: smtp::Mailbox = "me@example.com".parse().unwrap();
    connection.mail(smtp::command::Mail::from(sender)).await.unwrap();
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_of_several_rounds() {
    let hello = "S: 220 mail.example.test
                 C: EHLO [127.0.0.1]
                 S: 250-mail.example.test
                 S: 250 AUTH X-VAULT
                 C: AUTH X-VAULT djEAbWU=
                 S: 334 AQID
                 C: DQ==\n";
    // 7 + 1 + 2 + 3 = 13, twice is 26.
    let (connection, peer) = secured(&format!("{hello}S: 334 Gg==\nC: \n S: 235 ok")).await;
    connection.authenticate(&mut Vault::new("me", 7)).await.unwrap();
    peer.finish();

    let (connection, peer) =
        secured(&format!("{hello}S: 334 Gw==\nC: \\*\nS: 501 cancelled")).await;
    let refused = connection.authenticate(&mut Vault::new("me", 7)).await;
    assert!(matches!(refused, Err(TransitionError::Refused(_))), "the server has another key");
    peer.finish();

    let (connection, _) = secured(&format!("{hello}S: 235 trust me")).await;
    let lost = connection.authenticate(&mut Vault::new("me", 7)).await;
    assert!(matches!(lost, Err(TransitionError::Lost(_))), "the server has proved nothing");
}

/// The lines up to `Tls`, with a server that offers this mechanism.
fn offering(mechanism: &str, dialogue: &str) -> String {
    format!(
        "S: 220 mail.example.test
         C: EHLO [127.0.0.1]
         S: 250-mail.example.test
         S: 250 AUTH {mechanism}\n{dialogue}"
    )
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_that_binds_the_session() {
    let dialogue = "C: AUTH X-BOUND\nS: 334 AQI=\nC: *\nS: 535 5.7.8 no";
    let (connection, peer) = secured(&offering("X-BOUND", dialogue)).await;
    let mut bound = Bound::new("a key");
    let refused = connection.authenticate(&mut bound).await;
    let Err(TransitionError::Refused(refused)) = refused else { panic!("a refusal: {refused:?}") };
    let text = String::from_utf8(peer.written()).unwrap();
    let last = text.lines().last().unwrap();
    assert_eq!(last.len(), 24, "16 bytes in base64: {last}");
    // The value is there for one authentication on each connection.
    let again = refused.connection.authenticate(&mut bound).await;
    assert!(again.unwrap_err().to_string().contains("open a new connection"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_that_waits_for_its_ticket() {
    let mut office = Fetched::new(|| {
        Box::pin(async {
            tokio::time::sleep(std::time::Duration::from_secs(20)).await;
            Some(Secret::from("x"))
        })
    });
    let began = tokio::time::Instant::now();
    let dialogue = "C: AUTH X-TICKET eA==\nS: 535 no\nC: AUTH X-TICKET eA==\nS: 235 ok";
    let (connection, peer) = secured(&offering("X-TICKET", dialogue)).await;
    connection.authenticate(&mut office).await.unwrap();
    peer.finish();
    assert_eq!(began.elapsed().as_secs(), 40);

    let dialogue = "C: AUTH X-TICKET eA==\nS: 535 no\nC: AUTH X-TICKET eA==\nS: 535 no";
    let (connection, peer) = secured(&offering("X-TICKET", dialogue)).await;
    let refused = connection.authenticate(&mut office).await.unwrap_err();
    assert!(refused.to_string().ends_with("two tickets were tried"), "{refused}");
    peer.finish();

    let (connection, peer) = secured(&offering("X-TICKET", "")).await;
    let closed = connection.authenticate(&mut Fetched::new(|| Box::pin(async { None }))).await;
    assert!(closed.unwrap_err().to_string().contains("the office is closed"));
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_that_computes() {
    // 1000 rounds of MD5 over "keyAQI", by another program.
    let dialogue = "C: AUTH X-STRETCH\nS: 334 QVFJ\nC: L7HUwer6cu1DzHAXSg9j0g==\nS: 235 ok";
    let (connection, peer) = secured(&offering("X-STRETCH", dialogue)).await;
    let mut stretched = Stretched::new("key", 1000);
    connection.authenticate(&mut stretched).await.unwrap();
    peer.finish();
    assert_eq!(stretched.slices(), 9);
}
