//! Which failures try the next address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smtp::error::{Fault, HandshakeErrorKind};
use smtp::testing::{Certificate, Script};
use smtp::{Connection, Error, Plain, Submission, TlsConfig};
use tests::{error, hello, script};

use super::MILLISECOND;
use super::network::{At, Network, address, server_at};

/// Two addresses: what happens at the first, and a server at the second.
fn two(first: At, second: Script) -> (Arc<Network>, [SocketAddr; 2]) {
    let addresses = ["192.0.2.1:25", "192.0.2.2:25"].map(address);
    let hosts = [(addresses[0], first), (addresses[1], At::Server(second))];
    (Network::new(10 * MILLISECOND, hosts), addresses)
}

fn trusting(certificate: &Certificate) -> TlsConfig {
    TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("an authority")
}

#[tokio::test(start_paused = true)]
async fn in_clear() {
    let raw = |bytes: &[u8]| Script::default().server_raw(bytes);
    // The fate of the client at the first address, and the error that it stops at.
    let table = [
        ("refused", At::Refusal, ""),
        ("silence", At::Silence, ""),
        ("end", At::Server(Script::new("-- close --")), ""),
        ("half a greeting", At::Server(raw(b"220 mail.exa").then("-- close --")), ""),
        ("421", At::Server(Script::new("S: 421 busy\n-- close --")), ""),
        ("450", At::Server(Script::new("S: 450 later\nC: QUIT\n-- close --")), ""),
        (
            "554",
            At::Server(Script::new("S: 554 no\nC: QUIT\n-- close --")),
            "the server refused the session: 554",
        ),
        (
            "521",
            At::Server(Script::new("S: 521 no mail here\nC: QUIT\n-- close --")),
            "the server refused the session: 521",
        ),
        ("no greeting", At::Server(Script::new("-- silence --")), "the server took too long"),
        ("no SMTP", At::Server(Script::new("S: 250 hello")), "the server broke the protocol"),
        ("TLS", At::Server(raw(b"\x15\x03\x03\x00\x02\x02\x46")), "the server speaks TLS"),
        (
            "EHLO refused",
            At::Server(Script::new(
                "S: 220 hi\nC: EHLO client.example.test\nS: 450 later\nC: QUIT\n-- close --",
            )),
            "the server refused EHLO: 450",
        ),
        (
            "end after the greeting",
            At::Server(Script::new("S: 220 hi\nC: EHLO client.example.test\n-- close --")),
            "the server closed the connection without a reply",
        ),
        (
            "421 after the greeting",
            At::Server(Script::new("S: 220 hi\nC: EHLO client.example.test\nS: 421 busy")),
            "the server closed the session: 421",
        ),
    ];
    for (name, first, stops) in table {
        let (network, addresses) = two(first, Script::new(&hello(&[])).then("-- silence --"));
        let result = Connection::connect(&server_at(&network, &addresses)).await;
        let tried = network.dialed().len();
        if stops.is_empty() {
            result.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(tried, 2, "{name}");
        } else {
            let error = error(result);
            assert!(error.to_string().starts_with(stops), "{name}: {error}");
            assert_eq!(tried, 1, "{name}: {error}");
            assert_eq!(network.written(addresses[1]), None, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn in_tls() {
    let certificate = Certificate::new(&["mail.example.test"]);
    let other = Certificate::new(&["mail.example.test"]);
    let table = [
        ("end", Script::new("-- close --"), None),
        ("clear text", Script::new("S: 220 hi"), Some(HandshakeErrorKind::ClearText)),
        (
            "certificate",
            Script::new("-- tls --").certificate(&other),
            Some(HandshakeErrorKind::BadCertificate),
        ),
    ];
    for (name, first, stops) in table {
        let second = Script::new("-- tls --").then(&hello(&[])).then("-- silence --");
        let (network, addresses) = two(At::Server(first), second.certificate(&certificate));
        let server = server_at(&network, &addresses);
        let result = Connection::connect_tls(&server, &trusting(&certificate)).await;
        match stops {
            None => {
                result.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
            Some(kind) => {
                let error = error(result);
                assert!(
                    matches!(&error, Error::Lost(lost)
                        if lost.handshake().is_some_and(|error| error.kind() == kind)),
                    "{name}: {error:?}"
                );
                assert_eq!(network.dialed().len(), 1, "{name}");
            }
        }
    }
}

/// The server took its time to say nothing: the next address has the whole time for connecting.
#[tokio::test(start_paused = true)]
async fn the_next_address_has_its_time() {
    let ends_late = Script::new("-- wait 90s --\n-- close --");
    let second = Script::new(&hello(&[])).then("-- silence --");
    let (network, addresses) = two(At::Server(ends_late), second);
    Connection::connect(&server_at(&network, &addresses)).await.expect("a session");
    assert!(network.elapsed() >= Duration::from_secs(90));
}

/// STARTTLS and AUTH that are refused stay refused.
#[tokio::test(start_paused = true)]
async fn of_a_submission() {
    let certificate = Certificate::new(&["mail.example.test"]);
    let login = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 535 5.7.8 no\nC: QUIT\n-- close --";
    let table = [
        ("no STARTTLS", script(&[], "C: QUIT\n-- close --")),
        (
            "STARTTLS refused",
            script(&["STARTTLS"], "C: STARTTLS\nS: 454 not now\nC: QUIT\n-- close --"),
        ),
        (
            "AUTH refused",
            script(&["STARTTLS"], "C: STARTTLS\nS: 220 go\n-- tls --\n")
                .then(&tests::ehlo(&["AUTH PLAIN"]))
                .then(login),
        ),
    ];
    for (name, first) in table {
        let first = first.certificate(&certificate);
        let (network, addresses) = two(At::Server(first), Script::new("-- silence --"));
        let name_of_client: smtp::grammar::Domain = "client.example.test".parse().expect("a name");
        let submission = Submission::new("mail.example.test")
            .client_name(name_of_client)
            .at(addresses)
            .connector(Arc::clone(&network))
            .tls(trusting(&certificate))
            .auth(Plain::new("me", "pencil"));
        let error = error(submission.connect().await);
        assert!(matches!(error, Error::Refused(_)), "{name}: {error}");
        assert_eq!(network.dialed().len(), 1, "{name}: {error}");
    }
}

/// A server that spoke decides, and the others are listed.
#[tokio::test(start_paused = true)]
async fn the_error_lists_all_addresses() {
    let all = ["[2001:db8::1]:25", "192.0.2.1:25", "192.0.2.2:25", "192.0.2.3:25"].map(address);
    let busy = |text: &str| At::Server(Script::new(&format!("S: {text}\n-- close --")));
    let ends = At::Server(Script::new("-- close --"));
    let network = Network::new(
        10 * MILLISECOND,
        [(all[0], At::Refusal), (all[1], busy("421 busy")), (all[2], ends), (all[3], At::Refusal)],
    );
    let Error::Lost(lost) = error(Connection::connect(&server_at(&network, &all)).await) else {
        panic!("no session")
    };
    assert!(matches!(lost.fault(), Fault::Closing(_)), "{lost:?}");
    let tried: Vec<_> = lost.attempts().iter().map(smtp::error::Attempt::address).collect();
    assert_eq!(tried, [all[0], all[2], all[3]].map(Some));
    let without = lost.attempts()[1].error().downcast_ref::<Error>().expect("of a session");
    assert!(matches!(without, Error::Lost(lost) if matches!(lost.fault(), Fault::Closed)));
    assert!(lost.attempts()[1].took() >= 10 * MILLISECOND);
    let text = lost.to_string();
    assert!(text.starts_with("the server closed the session: 421 busy"), "{text}");
    assert!(text.contains("; the other addresses: [2001:db8::1]:25: connection refused, after 1"));
    for attempt in lost.attempts() {
        assert!(text.contains(&attempt.to_string()), "{text}");
    }

    let refusal = At::Server(Script::new("S: 450 later\nC: QUIT\n-- close --"));
    let network = Network::new(10 * MILLISECOND, [(all[1], refusal), (all[2], At::Refusal)]);
    let Error::Refused(refusal) =
        error(Connection::connect(&server_at(&network, &all[1..3])).await)
    else {
        panic!("no session")
    };
    assert_eq!(refusal.reply().map(|reply| reply.code().value()), Some(450));
    assert!(refusal.is_transient() && !refusal.is_local());
    assert_eq!(refusal.attempts().len(), 1);
    let text = refusal.to_string();
    let expected = "the server refused the session: 450 later; the other addresses: 192.0.2.2:25: ";
    assert!(text.starts_with(expected), "{text}");
}
