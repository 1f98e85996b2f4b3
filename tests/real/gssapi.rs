//! Logins with a Kerberos ticket, against a KDC of the test's own: at Dovecot, at Cyrus SASL through
//! Postfix, and the errors of a client that has no ticket, or not the server that it asked for.
//!
//! The GSS-API library reads the environment of the process. Each test therefore runs itself again
//! in a process that has the variables of Kerberos: there it finds its server in [`SERVER`].

mod acceptor;

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp::auth::{ChannelBinding, Credentials, Gs2Krb5, Gssapi, Mechanism, Spnego};
use smtp::connection::{Refused, TransitionError};
use smtp::error::Blame;
use smtp::extension::AuthMechanisms;
use smtp::state::Tls;
use smtp::{Connection, Error, Server as Address, Submission};
use tests::support::{MechanismRow, Witness, mechanisms};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::server::Server;

/// The variable that says in which folder the server of the test is.
const SERVER: &str = "GSSAPI_TEST_SERVER";

/// A KDC, and servers that have keys of it.
struct Realm {
    kdc: Server,
    dovecot: Option<Server>,
    postfix: Option<Server>,
}

fn realm() -> Option<&'static Realm> {
    static REALM: OnceLock<Option<Realm>> = OnceLock::new();
    let start = || {
        let kdc = Server::start("krb5", "krb5", &[])?;
        let key = |name| (name, kdc.get(name));
        let keys = [key("KRB5_CONFIG"), key("KRB5_KTNAME")];
        let dovecot = Server::start("dovecot", "krb5-dovecot", &keys);
        let mechanisms = ("CYRUS_MECHS", "GSSAPI GS2-KRB5 GSS-SPNEGO");
        let cyrus = [keys[0], keys[1], mechanisms];
        let postfix = Server::start("postfix", "krb5-postfix", &cyrus);
        Some(Realm { kdc, dovecot, postfix })
    };
    REALM.get_or_init(start).as_ref()
}

/// The server, in the process that has the variables of Kerberos. In any other, runs the test
/// `name` there, and gives `None`.
fn with_ticket(name: &str, server: fn(&Realm) -> Option<&Server>) -> Option<Server> {
    in_process(name, server, |kdc| kdc.get("KRB5CCNAME").to_owned())
}

fn in_process(
    name: &str,
    server: fn(&Realm) -> Option<&Server>,
    tickets: fn(&Server) -> String,
) -> Option<Server> {
    if let Some(folder) = std::env::var_os(SERVER) {
        return Some(Server::in_folder(Path::new(&folder)));
    }
    let realm = realm()?;
    let server = server(realm)?;
    let test = format!("real::gssapi::{name}");
    let output = Command::new(std::env::current_exe().expect("a program"))
        .args(["--exact", &test, "--nocapture"])
        .env(SERVER, server.get("FOLDER"))
        .env("KRB5_CONFIG", realm.kdc.get("KRB5_CONFIG"))
        .env("KRB5CCNAME", tickets(&realm.kdc))
        .env("KRB5_KTNAME", realm.kdc.get("KRB5_KTNAME"))
        // A server of the test's own keeps no tickets that it has seen.
        .env("KRB5RCACHENAME", "none:")
        .output()
        .expect("a process");
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{test}: {said}");
    assert!(said.contains("1 passed"), "{test} is not the name of one test: {said}");
    None
}

fn dovecot(realm: &Realm) -> Option<&Server> {
    realm.dovecot.as_ref()
}

fn postfix(realm: &Realm) -> Option<&Server> {
    realm.postfix.as_ref()
}

/// A session inside TLS, with a server that offers this mechanism.
async fn session(server: &Server, port: &str, name: &str) -> Connection<Tls> {
    let submission = Submission::new("localhost").port(server.port(port));
    let connection = submission.tls(server.tls()).connect().await.expect("TLS");
    let offered: AuthMechanisms = connection.capabilities().get().expect("AUTH is offered");
    assert!(offered.has(name), "{name} is not among {offered:?}");
    connection
}

async fn logs_in(server: &Server, port: &str, mechanism: &mut dyn Mechanism) {
    let connection = session(server, port, mechanism.name()).await;
    let authenticated = connection.authenticate(mechanism).await;
    let authenticated =
        authenticated.unwrap_or_else(|error| panic!("{}: {error}", mechanism.name()));
    authenticated.quit().await.expect("QUIT");
}

/// The error of a login, and the connection where it is still usable.
async fn fails(
    server: &Server,
    port: &str,
    mechanism: &mut dyn Mechanism,
) -> (Error, Option<Connection<Tls>>) {
    let connection = session(server, port, mechanism.name()).await;
    match connection.authenticate(mechanism).await.map(|_| ()).expect_err("no login") {
        TransitionError::Refused(refused) => (refused.refusal.into(), Some(refused.connection)),
        TransitionError::Lost(lost) => (lost.into(), None),
    }
}

/// The mechanisms of the support table that this server takes: the tests below log in with each.
fn of_table(witness: Witness) -> Vec<&'static str> {
    let rows = mechanisms().into_iter().filter(MechanismRow::is_kerberos);
    rows.filter(|row| row.servers.contains(&witness)).map(|row| row.name).collect()
}

#[tokio::test]
async fn dovecot_takes_a_ticket() {
    assert_eq!(of_table(Witness::Dovecot), ["GSSAPI", "GSS-SPNEGO"]);
    let Some(server) = with_ticket("dovecot_takes_a_ticket", dovecot) else { return };
    let port = "PORT_SUBMISSION";
    logs_in(&server, port, &mut Gssapi::new()).await;
    logs_in(&server, port, &mut Gssapi::new().service_host("mail.example.test")).await;
    let mut ticket = Credentials::kerberos();
    let connection = session(&server, port, "GSSAPI").await;
    connection.authenticate(&mut ticket).await.expect("a login");
    assert_eq!(ticket.name(), "GSSAPI");
    logs_in(&server, port, &mut Spnego::new()).await;
    logs_in(&server, port, &mut Spnego::new().without_channel_binding()).await;
    // A value may be used again.
    let mut twice = Gssapi::new();
    for _ in 0..2 {
        logs_in(&server, port, &mut twice).await;
    }
}

/// Cyrus SASL has the key of `smtp/mail.example.test`.
#[tokio::test]
async fn cyrus_takes_a_ticket() {
    assert_eq!(of_table(Witness::CyrusSasl), ["GSSAPI", "GS2-KRB5", "GSS-SPNEGO"]);
    let Some(server) = with_ticket("cyrus_takes_a_ticket", postfix) else { return };
    let (port, host) = ("PORT_PLAINAUTH", "mail.example.test");
    logs_in(&server, port, &mut Gssapi::new().service_host(host)).await;
    logs_in(&server, port, &mut Spnego::new().service_host(host)).await;
    let mut gs2 = Gs2Krb5::new().service_host(host);
    logs_in(&server, port, &mut gs2).await;
    assert_eq!(gs2.name(), "GS2-KRB5");
    let unbound = Gs2Krb5::new().service_host(host).channel_binding(ChannelBinding::Off);
    logs_in(&server, port, &mut { unbound }).await;
    let itself = Gs2Krb5::new().service_host(host).acting_as("tester@example.test");
    logs_in(&server, port, &mut { itself }).await;
    let itself = Gssapi::new().service_host(host).acting_as("tester@example.test");
    logs_in(&server, port, &mut { itself }).await;

    let other = Gssapi::new().service_host(host).acting_as("zoe@example.test");
    let (error, connection) = fails(&server, port, &mut { other }).await;
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
    assert!(connection.is_some());

    // A ticket for another service is of no use to it.
    let (error, connection) = fails(&server, port, &mut Gssapi::new()).await;
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
    assert!(connection.is_some());
}

#[tokio::test]
async fn without_a_ticket_nothing_is_sent() {
    let none = |kdc: &Server| format!("FILE:{}/no-tickets", kdc.get("FOLDER"));
    let name = "without_a_ticket_nothing_is_sent";
    let Some(server) = in_process(name, dovecot, none) else { return };
    let mechanisms: [&mut dyn Mechanism; 2] = [&mut Gssapi::new(), &mut Spnego::new()];
    for mechanism in mechanisms {
        let (error, connection) = fails(&server, "PORT_SUBMISSION", mechanism).await;
        let text = error.to_string();
        assert!(text.contains("there is no ticket for smtp@localhost"), "{text}");
        assert!(text.contains("`kinit`"), "{text}");
        assert_eq!(error.blame(), Blame::Caller, "{text}");
        assert!(error.reply().is_none(), "{text}");
        // The session is as before, and takes a password.
        let connection = connection.expect("a connection");
        let password = server.get("SMTP_PASSWORD");
        let mut plain = smtp::Plain::new(server.user(), password);
        connection.authenticate(&mut plain).await.expect("a login");
    }
}

#[tokio::test]
async fn a_service_that_the_kdc_does_not_know() {
    let name = "a_service_that_the_kdc_does_not_know";
    let Some(server) = with_ticket(name, dovecot) else { return };
    for host in ["nosuch.example.test", "mail.other.test"] {
        let mut mechanism = Gssapi::new().service_host(host);
        let (error, connection) = fails(&server, "PORT_SUBMISSION", &mut mechanism).await;
        let text = error.to_string();
        assert!(text.contains(&format!("Kerberos knows no service smtp@{host}")), "{text}");
        assert!(text.contains("`service_host`"), "{text}");
        assert_eq!(error.blame(), Blame::Caller, "{text}");
        assert!(connection.is_some());
    }
}

/// An AP-REP as a server makes it that does not know the key: it can be read, and not decrypted
/// (RFC 4120 §5.5.2, in the frame of RFC 4121 §4.1).
fn forged_proof() -> Vec<u8> {
    let field = |tag: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).expect("a short one");
        let length = if length < 0x80 { vec![length] } else { vec![0x81, length] };
        [&[tag], &length[..], content].concat()
    };
    let integer = |value: u8| field(2, &[value]);
    // aes256-cts-hmac-sha1-96
    let encrypted = [field(0xa0, &integer(18)), field(0xa2, &field(4, &[0x55; 89]))].concat();
    let content = [
        field(0xa0, &integer(5)),
        field(0xa1, &integer(15)),
        field(0xa2, &field(0x30, &encrypted)),
    ];
    let reply = field(0x6f, &field(0x30, &content.concat()));
    let kerberos = field(6, b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
    field(0x60, &[&kerberos, &b"\x02\x00"[..], &reply].concat())
}

/// Serves one session, and answers the token with this one. Gives the lines that came after it.
async fn serve(listener: TcpListener, answer: Vec<u8>) -> Vec<String> {
    let (stream, _): (TcpStream, _) = listener.accept().await.expect("a client");
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let answer = format!("334 {}\r\n", STANDARD.encode(answer));
    // The token is too long for the line of AUTH.
    let replies = ["250-mail\r\n250 AUTH GSSAPI\r\n", "334 \r\n", &answer];
    writer.write_all(b"220 hi\r\n").await.expect("a client");
    for reply in replies {
        lines.next_line().await.expect("a client").expect("a line");
        writer.write_all(reply.as_bytes()).await.expect("a client");
    }
    let mut rest = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        rest.push(line);
        if writer.write_all(b"501 no\r\n").await.is_err() {
            break;
        }
    }
    rest
}

#[tokio::test]
async fn an_impostor_ends_the_connection() {
    let name = "an_impostor_ends_the_connection";
    if with_ticket(name, |realm| Some(&realm.kdc)).is_none() {
        return;
    }
    let unreadable = b"no token".to_vec();
    for (answer, is_impostor) in [(forged_proof(), true), (unreadable, false)] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = tokio::spawn(serve(listener, answer));
        let connection = Connection::connect(&Address::new("localhost", port)).await;
        let connection = connection.expect("a session");
        let login = connection.dangerous().authenticate(&mut Gssapi::new()).await;
        let error = login.map(|_| ()).expect_err("no login");
        match error {
            TransitionError::Lost(lost) if is_impostor => {
                let text = lost.to_string();
                assert!(text.contains("does not hold the key of smtp@localhost"), "{text}");
                assert_eq!(server.await.expect("a server"), [""; 0], "{text}");
            }
            TransitionError::Refused(Refused { connection, refusal }) if !is_impostor => {
                let text = refusal.to_string();
                assert!(text.contains("the GSS-API failed for smtp@localhost"), "{text}");
                drop(connection);
                assert_eq!(server.await.expect("a server"), ["*"], "{text}");
            }
            other => panic!("{is_impostor}: {other}"),
        }
    }
}
