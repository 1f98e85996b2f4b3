//! The typical mistakes, one test for each.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use smtp::rustls::ServerConfig;
use smtp::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use smtp::testing::{Certificate, Script};

use super::network::{At, Simulated};
use super::{End, look, options};
use crate::args::Options;

const STARTTLS: &str = "mail.example.test";
const IMPLICIT: &str = "--implicit mail.example.test";
const PLAIN: &str = "--plain mail.example.test";

fn server(dialogue: &str) -> At {
    At::Server(Script::new(dialogue))
}

/// A server in clear that offers these, and is left with QUIT.
fn offers(keywords: &str) -> At {
    server(&format!(
        "S: 220 mail.example.test ESMTP\nC: EHLO *\nS: 250-hi\nS: 250 {keywords}\nC: QUIT\nS: 221 bye"
    ))
}

/// The mistake, by its kind, and the words of the first line. It takes this many milliseconds at
/// most.
async fn names(arguments: &str, at: At, kind: &str, words: &str, millis: u64) -> End {
    names_of(&options(arguments), &Simulated::at(at), kind, words, millis).await
}

async fn names_of(
    options: &Options,
    network: &Simulated,
    kind: &str,
    words: &str,
    millis: u64,
) -> End {
    let end = look(options, network).await;
    assert_eq!(end.kind(), kind, "{words}: {}", end.report);
    assert!(end.line.contains(words), "{}", end.report);
    assert!(end.line.starts_with(&end.json["verdict"].as_str().expect("a word").to_uppercase()));
    assert!(end.took <= Duration::from_millis(millis), "{:?}: {}", end.took, end.report);
    assert!(millis <= 10_000);
    end
}

#[tokio::test(start_paused = true)]
async fn the_wrong_port() {
    for arguments in [STARTTLS, IMPLICIT, PLAIN] {
        let end = names(
            arguments,
            At::Refusal,
            "wrong_port",
            "wrong port: no server listens at 192.0.2.1:",
            20,
        )
        .await;
        assert!(end.report.to_string().contains("connection refused, after 10.0 ms"));
    }
    for (line, name) in
        [("+OK POP3 ready", "POP3"), ("* OK IMAP4rev1", "IMAP"), ("SSH-2.0-OpenSSH_9.9", "SSH")]
    {
        for arguments in [STARTTLS, IMPLICIT] {
            let words = format!("wrong port: this is one of {name}");
            names(arguments, server(&format!("S: {line}")), "wrong_port", &words, 20).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn clear_text_at_a_port_for_tls() {
    let words = "wrong TLS mode: the server speaks TLS from the first byte at this port, and does \
                 not greet in clear: use --implicit";
    for arguments in [STARTTLS, PLAIN] {
        // It waits for the client to begin.
        let waits = "-- tls --\nS: 220 hi\nC: EHLO *\nS: 250 hi\nC: QUIT\nS: 221 bye";
        let end = names(arguments, server(waits), "implicit_tls_needed", words, 4_100).await;
        assert!(end.took >= Duration::from_secs(4), "it might have been slow");
        let alert = Script::default().server_raw(*b"\x15\x03\x01\x00\x02\x02\x0a");
        names(arguments, At::Server(alert), "implicit_tls_needed", words, 20).await;
    }
}

#[tokio::test(start_paused = true)]
async fn tls_at_a_port_for_clear_text() {
    let words = "wrong TLS mode: the server greets in clear at this port: use --starttls";
    for dialogue in ["S: 220 hi", "S: 220 hi\n-- close --", "S: 421 busy\n-- reset --"] {
        names(IMPLICIT, server(dialogue), "starttls_needed", words, 20).await;
    }
    // One that greets late may be one of these as well.
    let words = "no answer to TLS in 10 s: this may be a port without TLS from the first byte";
    names(IMPLICIT, server("-- silence --"), "silent", words, 10_000).await;
}

struct Shown {
    config: Arc<ServerConfig>,
    root: Vec<u8>,
}

/// A certificate for this name, with a change, by an authority or by itself.
fn certificate(name: &str, by_itself: bool, change: fn(&mut CertificateParams)) -> Shown {
    let key = || KeyPair::generate().expect("a key");
    let mut of_root = CertificateParams::new(Vec::new()).expect("no names");
    of_root.distinguished_name.push(DnType::CommonName, "private");
    of_root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(of_root, key()).expect("an authority");
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    change(&mut params);
    let own = key();
    let certificate =
        if by_itself { params.self_signed(&own) } else { params.signed_by(&own, &root) };
    let chain = vec![CertificateDer::from(certificate.expect("signed").der().to_vec())];
    let own = PrivateKeyDer::try_from(own.serialize_der()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, own);
    Shown { config: Arc::new(config.expect("a key of its own")), root: root.pem().into() }
}

#[tokio::test(start_paused = true)]
async fn certificates() {
    let table: [(&str, bool, fn(&mut CertificateParams), &str, &str); 5] = [
        (
            "elsewhere.example.test",
            false,
            |_| {},
            "wrong_name",
            "certificate: wrong name: the server's certificate is for elsewhere.example.test, and \
             not for mail.example.test",
        ),
        (
            "mail.example.test",
            false,
            |params| params.not_after = date_time_ymd(2020, 2, 29),
            "expired",
            "certificate: expired: a certificate in the server's chain expired on 2020-02-29",
        ),
        (
            "mail.example.test",
            false,
            |params| params.not_before = date_time_ymd(3000, 1, 1),
            "not_yet_valid",
            "certificate: not valid yet: ",
        ),
        (
            "mail.example.test",
            true,
            |_| {},
            "self_signed",
            "certificate: self-signed: no authority",
        ),
        (
            "mail.example.test",
            true,
            |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            "self_signed",
            "certificate: self-signed: the server shows an authority's certificate",
        ),
    ];
    for (name, by_itself, change, kind, words) in table {
        let shown = certificate(name, by_itself, change);
        let mut options = options(IMPLICIT);
        options.root = Some(shown.root);
        let network = Simulated::at(At::Tls(shown.config));
        let end = names_of(&options, &network, kind, words, 20).await;
        let fields = &end.json["certificate"];
        assert_eq!(fields["names"][0], name);
        assert_eq!(fields["self_issued"], by_itself);
        let shown = end.report.to_string();
        let names = format!("certificate  for {name}\n");
        assert!(shown.contains(&names) && shown.contains("\n  key        EC P-256\n"), "{shown}");
    }

    let shown = certificate("mail.example.test", false, |_| {});
    let network = Simulated::at(At::Tls(shown.config));
    let mut options = options(IMPLICIT);
    options.root = Some(certificate("mail.example.test", false, |_| {}).root);
    // The other authority has the same name, and another key.
    names_of(&options, &network, "bad_certificate", "certificate: not accepted: ", 20).await;
    options.root = Some(Certificate::default().authority_pem().into());
    names_of(&options, &network, "unknown_issuer", "certificate: unknown issuer: ", 20).await;
    // The identity is apart from the address.
    options.root = Some(shown.root);
    options.name = Some("smtp.example.test".to_owned());
    let words = "is for mail.example.test, and not for smtp.example.test";
    names_of(&options, &network, "wrong_name", words, 20).await;
}

#[tokio::test(start_paused = true)]
async fn a_family_of_addresses_that_is_dead() {
    let (v6, v4) = ("[2001:db8::1]:587", "192.0.2.1:587");
    let table = [
        (At::Refusal, "[2001:db8::1]:587: connection refused; IPv4 works, 10 ms later", 200),
        (At::Silence, "[2001:db8::1]:587: no answer; IPv4 works, 250 ms later", 3_500),
    ];
    for (at, words, millis) in table {
        let network = Simulated::new([(v6, at), (v4, offers("PIPELINING"))]);
        let words = format!("IPv6 is dead: {words}");
        let end = names_of(&options(PLAIN), &network, "ipv6_dead", &words, millis).await;
        assert_eq!((end.report.is_fine(), end.json["verdict"].as_str()), (true, Some("warning")));
        let addresses = end.json["addresses"].as_array().expect("addresses");
        assert_eq!(addresses.len(), 2);
        assert_eq!((&addresses[0]["used"], &addresses[1]["used"]), (&false.into(), &true.into()));
        assert_eq!(addresses[1]["time"], 10.0);
    }

    // The one that was not needed is looked at all the same.
    let network = Simulated::new([(v6, offers("SIZE 1000")), (v4, At::Refusal)]);
    let words = "IPv4 is dead: 192.0.2.1:587: connection refused; IPv6 works, 0 ms later";
    names_of(&options(PLAIN), &network, "ipv4_dead", words, 200).await;
    let dead = ("192.0.2.2:587", At::Refusal);
    let network = Simulated::new([(v4, offers("SIZE")), dead]);
    let words = "the address 192.0.2.2:587 is dead: connection refused";
    names_of(&options(PLAIN), &network, "address_dead", words, 200).await;

    // Where the session takes all the time, the other address is not tried, and so not called dead.
    let mute = server("S: 220 hi\nC: EHLO *\n-- silence --");
    let network = Simulated::new([(v6, mute), (v4, At::Silence)]);
    let words = "no answer to EHLO in 10 s";
    let end = names_of(&options(PLAIN), &network, "silent", words, 10_000).await;
    assert_eq!(end.report.findings.len(), 1);

    // A slow one is not dead, and a machine without IPv6 says nothing about the server.
    for at in [At::NoRoute, offers("SIZE")] {
        let network = Simulated::new([(v6, at), (v4, offers("SIZE"))]);
        let end = look(&options(PLAIN), &network).await;
        assert_eq!((end.kind(), end.report.verdict().0), ("none", "ok"), "{}", end.report);
    }
}

#[tokio::test(start_paused = true)]
async fn a_firewall_that_says_nothing() {
    for arguments in [STARTTLS, IMPLICIT, PLAIN] {
        let network =
            Simulated::new([("[2001:db8::1]:587", At::Silence), ("192.0.2.1:587", At::Silence)]);
        let words = "firewall: no answer from [2001:db8::1]:";
        names_of(&options(arguments), &network, "firewall", words, 10_000).await;
    }
    let mut short = options(STARTTLS);
    short.timeout = Duration::from_secs(2);
    let network = Simulated::at(At::Silence);
    let end = names_of(&short, &network, "firewall", "192.0.2.1:587", 2_000).await;
    assert_eq!(end.took, Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn auth_before_tls() {
    let mut with_user = options(PLAIN);
    with_user.user = Some(("me".to_owned(), "pencil".into()));
    let words = "AUTH before TLS: the server offers no AUTH in clear, and may offer it inside TLS: \
                 leave out --plain";
    let network = Simulated::at(offers("STARTTLS"));
    names_of(&with_user, &network, "auth_before_tls", words, 200).await;
    let words = "AUTH before TLS: everyone on the way could read the password, and it was not sent";
    let network = Simulated::at(offers("AUTH PLAIN"));
    let end = names_of(&with_user, &network, "auth_before_tls", words, 200).await;
    assert!(!end.report.is_fine());

    let words = "AUTH before TLS: the server offers PLAIN and LOGIN in clear, so that a client";
    let end = names(PLAIN, offers("AUTH LOGIN PLAIN"), "auth_before_tls", words, 200).await;
    assert!(end.report.is_fine());
    let end = look(&options(PLAIN), &Simulated::at(offers("AUTH SCRAM-SHA-256"))).await;
    assert_eq!(end.kind(), "none");
}

/// A `ServerHello` of this version of TLS.
fn server_hello(version: u8) -> Vec<u8> {
    let mut bytes = vec![0x16, 3, version, 0, 42, 2, 0, 0, 38, 3, version];
    bytes.extend([7; 32]);
    bytes.extend([0, 0, 0x2f, 0]);
    bytes
}

#[tokio::test(start_paused = true)]
async fn old_tls() {
    let words = "old TLS: the server offers no TLS 1.2 or later";
    let alert = b"\x15\x03\x01\x00\x02\x02\x46".to_vec();
    for bytes in [alert, server_hello(1), server_hello(2)] {
        let at_once = At::Server(Script::default().server_raw(bytes.clone()));
        names(IMPLICIT, at_once, "old_tls", words, 20).await;
        let later =
            Script::new("S: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go");
        let later = later.then("-- wait 1ms --").server_raw(bytes);
        let end = names(STARTTLS, At::Server(later), "old_tls", words, 30).await;
        assert_eq!(end.json["in_clear"][0], "STARTTLS");
        assert!(end.json["tls"].is_null());
        let steps = end.json["timeline"].as_array().expect("steps");
        let last = steps.last().expect("a step");
        assert_eq!((&last["step"], &last["done"]), (&"TLS".into(), &false.into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_web_server() {
    let words = "a web server answers at this port: use a port of a mail server";
    for arguments in [STARTTLS, PLAIN] {
        names(arguments, At::Web, "web_server", words, 4_100).await;
        let hasty = server("S: HTTP/1.1 408 Request Timeout");
        names(arguments, hasty, "web_server", words, 20).await;
    }
    names(IMPLICIT, At::Web, "web_server", words, 20).await;

    // Inside TLS it waits for a request.
    let shown = certificate("mail.example.test", false, |_| {});
    let https = Simulated::at(At::Tls(Arc::clone(&shown.config)));
    let mut implicit = options(IMPLICIT);
    implicit.root = Some(shown.root);
    let words = "the server speaks TLS, and sent no greeting in 10 s: is it a mail server? A web";
    names_of(&implicit, &https, "silent", words, 10_000).await;
    let words = "wrong port: the server speaks TLS from the first byte at this port, and no SMTP";
    names_of(&options(STARTTLS), &https, "not_smtp", words, 10_000).await;
}

#[tokio::test(start_paused = true)]
async fn others() {
    let words = "no greeting in 10 s, neither in clear nor inside TLS";
    names(STARTTLS, server("-- silence --"), "silent", words, 10_000).await;
    let words = "the server closed the connection without a greeting";
    names(STARTTLS, server("-- close --"), "closed", words, 30).await;
    let closes = server("S: 220 hi\nC: EHLO *\n-- close --");
    names(STARTTLS, closes, "closed", "without a reply (waiting for the reply to EHLO", 20).await;
    let mute = server("S: 220 hi\nC: EHLO *\n-- silence --");
    names(STARTTLS, mute, "silent", "no answer to EHLO in 10 s", 10_000).await;
    let words = "no TLS: the server does not offer STARTTLS at this port";
    names(STARTTLS, offers("SIZE"), "no_starttls", words, 200).await;
    let refused =
        "S: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 no\nC: QUIT";
    let words = "the server refused STARTTLS: 454 no";
    names(STARTTLS, server(refused), "starttls_refused", words, 200).await;
    let refused = server("S: 554 5.7.1 no mail from you\nC: QUIT");
    names(STARTTLS, refused, "refused", "554 5.7.1 no mail from you", 200).await;
    let words = "cannot resolve the name mail.example.test: no answer in the time";
    names_of(&options(STARTTLS), &Simulated::mute(), "unresolved", words, 10_000).await;
    let network = Simulated::at(At::NoRoute);
    names_of(&options(STARTTLS), &network, "this_machine", "this machine", 20).await;
}
