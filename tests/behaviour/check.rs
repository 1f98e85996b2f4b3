//! `Submission::check`: all that comes before the first message, and a second EHLO after AUTH.

use std::sync::{Arc, Mutex};

use smtp::auth::Credentials;
use smtp::testing::{CaptureServer, CaptureServerBuilder, Certificate, Script};
use smtp::trace::Event;
use smtp::{Plain, Submission, TlsConfig};
use tests::{error, port, trust};

async fn start(server: CaptureServerBuilder) -> (CaptureServer, Submission) {
    let server = server.user("me", "pencil").start().await.expect("a server");
    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("a root");
    let submission = Submission::new(server.host()).tls(tls).port(server.port());
    (server, submission)
}

#[tokio::test]
async fn the_facts_are_reported() {
    let (server, submission) = start(CaptureServer::builder()).await;
    let login = || Credentials::password("me", "pencil");
    let url = format!("smtp://me:pencil@{}:{}", server.host(), server.port());
    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("a root");
    let url = Submission::from_url(&url).expect("a URL").tls(tls);
    let reports = [
        submission.clone().auth(login()).check().await,
        submission.clone().auth_with(login).check().await,
        url.check().await,
    ];
    for report in reports {
        let report = report.expect("a login");
        let security = report.security.as_ref().expect("TLS");
        assert!(security.verified);
        assert!(report.capabilities.has("8BITMIME"));
        assert_eq!(report.mechanism.as_deref(), Some("PLAIN"));
        let text = report.to_string();
        assert!(text.starts_with("TLS: TLSv1_3, TLS13_"), "{text}");
        assert!(text.contains("verified\nlogin: PLAIN\noffers: "), "{text}");
        assert!(text.contains(", 8BITMIME"), "{text}");
    }
    let report = submission.check().await.expect("TLS");
    assert_eq!(report.mechanism, None);
    let report = submission.without_tls().check().await.expect("clear text");
    assert!(report.to_string().starts_with("TLS: none\nlogin: none\noffers: "), "{report}");
    assert!(server.messages().is_empty());
}

#[tokio::test]
async fn a_check_fails_as_connect_does() {
    let (_server, submission) = start(CaptureServer::builder()).await;
    let wrong = submission.auth(Plain::new("me", "pen"));
    let error = error(wrong.check().await);
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535), "{error}");
}

#[tokio::test]
async fn ehlo_comes_again_where_it_is_asked_for() {
    let (_server, submission) = start(CaptureServer::builder()).await;
    let submission = submission.auth_with(|| Plain::new("me", "pencil"));
    for (submission, expected) in [
        (submission.clone(), ["EHLO", "STARTTLS", "EHLO", "AUTH", "QUIT"].as_slice()),
        (submission.ehlo_after_auth(), &["EHLO", "STARTTLS", "EHLO", "AUTH", "EHLO", "QUIT"]),
    ] {
        let said = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&said);
        let submission = submission.observer(move |event: &Event<'_>| {
            if let Event::Sent(line) = event {
                let line = line.to_string();
                let verb = line.split(' ').next().unwrap_or_default().to_owned();
                seen.lock().expect("no panic").push(verb);
            }
        });
        submission.connect().await.expect("a login").quit().await.expect("QUIT");
        assert_eq!(*said.lock().expect("no panic"), expected);
    }
}

/// The server may refuse it: the session ends, and the caller learns why.
#[tokio::test]
async fn a_second_ehlo_that_is_refused_is_the_error() {
    let dialogue = "-- tls --\nS: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 AUTH PLAIN\n\
                    C: AUTH PLAIN *\nS: 235 ok\nC: EHLO *\nS: 503 again?\nC: QUIT";
    let script = Script::new(dialogue).certificate(&Certificate::new(&["127.0.0.1"]));
    let (port, peers) = port([script]).await;
    let submission = Submission::new("127.0.0.1").port(port).implicit_tls().tls(trust(&peers[0]));
    let submission = submission.ehlo_after_auth().auth(Plain::new("me", "pencil"));
    let error = error(submission.connect().await);
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(503), "{error}");
    while !peers[0].is_closed() {
        tokio::task::yield_now().await;
    }
    peers[0].finish();
}
