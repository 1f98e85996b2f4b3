//! Secrets: the server alone sees a password.

mod mechanisms;
mod table;
mod ways;

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, OnceLock};

use smtp::auth::XOauth2;
use smtp::testing::Script;
use smtp::trace::Event;
use smtp::{Connection, Login, Plain, Secret, SmtpCommand, Submission};
use tests::{error, hello, server, trust};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

const PASSWORD: &str = "S3NT1NEL";
/// The password in base64, at each of the three offsets where it can begin.
const ENCODED: [&str; 3] = ["UzNOVDFORU", "MzTlQxTkVM", "TM05UMU5FT"];

fn is_clean(what: &str, text: &str) {
    for secret in ENCODED.iter().chain([&PASSWORD]) {
        assert!(!text.contains(secret), "{what}: {text}");
    }
}

/// Everything that is traced, at every level.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Everything {
    /// Has the events of this thread from now on.
    pub(super) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        // As long as there is one subscriber alone, `tracing` asks the subscriber of the thread that
        // meets an event first, which may be another test without any: then no test hears of it.
        static SECOND: OnceLock<tracing::Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| tracing::Dispatch::new(Self::default()));
        tracing::subscriber::set_default(self.clone())
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Text(&mut self.0.lock().expect("one thread")));
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = writeln!(self.0, "{field}: {value:?}");
    }
}

/// Sends its token in its own line.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "X-LOGIN", transition(Tls => Authed))]
struct TokenLogin {
    user: &'static str,
    #[smtp(base64)]
    token: Secret,
    plain: Secret,
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_a_secret() {
    let everything = Everything::default();
    let _guard = everything.listen();
    let seen = Arc::new(Mutex::new(String::new()));
    let observed = Arc::clone(&seen);
    let server = server().observer(move |event: &Event<'_>| {
        let _ = writeln!(observed.lock().expect("one thread"), "{event:?}");
    });
    let offers = ["AUTH PLAIN LOGIN XOAUTH2"];
    let dialogue = "C: AUTH PLAIN *
                    S: 535 5.7.8 no
                    C: AUTH LOGIN
                    S: 334 VXNlcm5hbWU6
                    C: bWU=
                    S: 334 UGFzc3dvcmQ6
                    C: *
                    S: 535 5.7.8 no
                    C: AUTH XOAUTH2 *
                    S: 535 5.7.8 no
                    C: X-LOGIN me *
                    S: 250 ok
                    C: NOOP
                    S: 250 ok
                    C: QUIT
                    S: 221 bye";
    let (stream, peer) = Script::new("-- tls --").then(&hello(&offers)).then(dialogue).start();
    let mut connection =
        Connection::from_tls_stream(stream, &server, &trust(&peer)).await.expect("TLS");

    let mut plain = Plain::new("me", PASSWORD);
    let mut login = Login::new("me", PASSWORD);
    let mut bearer = XOauth2::new("me", PASSWORD);
    let mechanisms: [&mut dyn smtp::Mechanism; 3] = [&mut plain, &mut login, &mut bearer];
    for mechanism in mechanisms {
        let Err(smtp::connection::TransitionError::Refused(refused)) =
            connection.authenticate(mechanism).await
        else {
            panic!("the server refuses them all");
        };
        is_clean("a refusal", &format!("{refused:?} {}", refused.refusal));
        connection = refused.connection;
    }
    let token =
        TokenLogin { user: "me", token: Secret::from(PASSWORD), plain: Secret::from(PASSWORD) };
    is_clean("a command", &format!("{token:?} {plain:?} {login:?} {bearer:?}"));
    let (mut connection, _) = connection.transition(token).await.expect("a login");
    connection.send(smtp::command::Noop).await.expect("NOOP");
    is_clean("a connection", &format!("{connection:?}"));
    connection.quit().await.expect("QUIT");
    peer.finish();

    let traced = everything.0.lock().expect("one thread").clone();
    is_clean("tracing", &traced);
    assert!(traced.contains("C: AUTH PLAIN <redacted>"), "{traced}");
    assert!(traced.contains("C: X-LOGIN me <redacted>"), "{traced}");
    assert!(traced.contains("S: 235") || traced.contains("S: 535"), "{traced}");
    let seen = seen.lock().expect("one thread").clone();
    is_clean("the observer", &seen);
    assert!(seen.contains("NOOP"), "{seen}");
    assert!(String::from_utf8_lossy(&peer.written()).contains(ENCODED[0]), "it was sent");
}

#[tokio::test(start_paused = true)]
async fn content_is_not_traced() {
    let everything = Everything::default();
    let _guard = everything.listen();
    let dialogue =
        "C: MAIL *\nS: 250 ok\nC: RCPT *\nS: 250 ok\nC: DATA\nS: 354 go\nC: *\nC: .\nS: 250 ok";
    let (mut connection, _peer) = tests::greeted(tests::script(&[], dialogue)).await;
    let envelope = smtp::Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    connection.deliver(&envelope, PASSWORD).await.expect("delivered");
    let traced = everything.0.lock().expect("one thread").clone();
    is_clean("tracing", &traced);
    assert!(traced.contains("bytes of content"), "{traced}");
}

#[test]
fn builders_and_errors_are_clean() {
    let submission = Submission::new("mail.example.com").auth(Plain::new("me", PASSWORD));
    is_clean("a submission", &format!("{submission:?}"));
    is_clean("a secret", &format!("{:?}", Secret::from(PASSWORD)));
    let mut nul = Plain::new("me\0", PASSWORD);
    let refused = smtp::Mechanism::initial_response(&mut nul);
    is_clean("a mechanism's error", &format!("{:?}", refused.map(|_| ())));
}

#[tokio::test]
async fn a_panic_does_not_show_a_secret() {
    let plain = Plain::new("me", PASSWORD);
    let panicked = std::panic::catch_unwind(|| panic!("{plain:?}"));
    let message = panicked.expect_err("it panics");
    let message = message.downcast_ref::<String>().expect("a message");
    is_clean("a panic", message);
    let error = error::<(), _>(Err(smtp::Error::from(smtp::error::ReplyError::unexpected_code(
        smtp::Reply::new(smtp::grammar::ReplyCode::OK, ["ok"]),
    ))));
    is_clean("an error", &format!("{error:?}"));
}
