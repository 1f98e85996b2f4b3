//! The exchanges of credentials: what is kept from one beginning to the next, and who is asked for.

use std::future::ready;
use std::task::{Context, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp::auth::{
    AccessToken, AfterRefusal, Challenge, Credentials, Facts, MechanismError, Need, RefusedAuth,
    Step,
};
use smtp::grammar::{Capabilities, Reply, ReplyCode};
use smtp::{Mechanism, Secret};
use tests::{error, secured};

use super::{chosen, password};

async fn logs_in(offers: &str, credentials: &mut Credentials, dialogue: &str) {
    let (connection, peer) = secured(&[offers], dialogue).await;
    connection.authenticate(credentials).await.expect("a login");
    peer.finish();
}

/// The other user is in the message, and not only a reason to choose the mechanism.
#[tokio::test(start_paused = true)]
async fn the_other_user_is_asked_for() {
    let plain = format!("C: AUTH PLAIN {}\nS: 235 ok", STANDARD.encode("boss\0me\0pencil"));
    logs_in("AUTH PLAIN", &mut password().acting_as("boss"), &plain).await;
    let external = format!("C: AUTH EXTERNAL {}\nS: 235 ok", STANDARD.encode("boss"));
    logs_in("AUTH EXTERNAL", &mut Credentials::external().acting_as("boss"), &external).await;
    let guest = format!("C: AUTH ANONYMOUS {}\nS: 235 ok", STANDARD.encode("a test"));
    logs_in("AUTH ANONYMOUS", &mut Credentials::anonymous("a test"), &guest).await;

    let challenge = r#"nonce="abc",qop="auth",algorithm=md5-sess,charset=utf-8"#;
    let dialogue =
        format!("C: AUTH DIGEST-MD5\nS: 334 {}\nC: *\nS: 535 no", STANDARD.encode(challenge));
    let (connection, peer) = secured(&["AUTH DIGEST-MD5"], &dialogue).await;
    let mut digest = password().acting_as("boss").only("DIGEST-MD5");
    let _ = error(connection.authenticate(&mut digest).await);
    let written = String::from_utf8(peer.written()).expect("text");
    let answer = STANDARD.decode(written.lines().last().expect("an answer")).expect("base64");
    assert!(String::from_utf8_lossy(&answer).contains(r#"authzid="boss""#));
    peer.finish();

    // An empty name is none.
    assert_eq!(chosen("LOGIN", password().acting_as("")).await.as_deref(), Ok("LOGIN"));
}

/// A name alone does not try what the server does not list, and says why.
#[tokio::test(start_paused = true)]
async fn a_name_alone_is_not_tried_unlisted() {
    let failed = chosen("PLAIN", password().only("LOGIN")).await.expect_err("not listed");
    assert!(failed.contains("no mechanism fits: the server offers PLAIN"), "{failed}");
}

/// 534 says that a stronger mechanism is wanted: the error names the others.
#[tokio::test(start_paused = true)]
async fn too_weak_names_the_others() {
    let dialogue = "C: AUTH PLAIN *\nS: 534 5.7.9 too weak";
    let (connection, peer) = secured(&["AUTH PLAIN CRAM-MD5"], dialogue).await;
    let failed = error(connection.authenticate(&mut password()).await).to_string();
    assert!(failed.contains("the server also offers CRAM-MD5"), "{failed}");
    peer.finish();
    // One that the server has listed and did not know is not among them.
    let dialogue = "C: AUTH SCRAM-SHA-256 *\nS: 504 5.5.4 no\nC: AUTH PLAIN *\nS: 535 5.7.8 no";
    let (connection, peer) = secured(&["AUTH PLAIN SCRAM-SHA-256"], dialogue).await;
    let failed = error(connection.authenticate(&mut password()).await).to_string();
    assert!(!failed.contains("also offers"), "{failed}");
    peer.finish();
}

/// A response that one mechanism had put off is never sent in the exchange of the next one.
#[tokio::test(start_paused = true)]
async fn a_response_that_was_put_off_ends_with_its_mechanism() {
    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==
                    S: 501 5.7.0 no initial response
                    C: AUTH PLAIN
                    S: 501 5.7.0 still not
                    C: AUTH LOGIN
                    S: 334
                    C: bWU=
                    S: 334
                    C: cGVuY2ls
                    S: 235 ok";
    logs_in("AUTH LOGIN PLAIN", &mut password(), dialogue).await;
}

/// The challenges of an exchange that was refused do not count in the next one.
#[tokio::test(start_paused = true)]
async fn each_beginning_counts_its_challenges() {
    let tokens = |need: Need| {
        ready(Ok(AccessToken::new(if matches!(need, Need::Refused(_)) { "t1" } else { "t0" })))
    };
    let response = |token: &str| STANDARD.encode(format!("user=me\x01auth=Bearer {token}\x01\x01"));
    let (old, new) = (response("t0"), response("t1"));
    let dialogue = format!(
        "C: AUTH XOAUTH2 {old}
         S: 334 eyJzdGF0dXMiOiI0MDEifQ==
         C:
         S: 535 5.7.8 no
         C: AUTH XOAUTH2 {new}
         S: 501 5.7.0 no initial response
         C: AUTH XOAUTH2
         S: 334
         C: {new}
         S: 235 ok"
    );
    logs_in("AUTH XOAUTH2", &mut Credentials::token_source("me", tokens), &dialogue).await;
}

/// A secret that was sent is one that was revealed.
#[tokio::test(start_paused = true)]
async fn credentials_say_whether_they_reveal() {
    let mut credentials = password();
    assert!(credentials.reveals_secret(), "nothing was chosen");
    logs_in("AUTH PLAIN", &mut credentials, "C: AUTH PLAIN *\nS: 235 ok").await;
    assert!(credentials.reveals_secret());
    let dialogue = "C: AUTH SCRAM-SHA-256 *\nS: 535 5.7.8 no";
    let (connection, _peer) = secured(&["AUTH SCRAM-SHA-256"], dialogue).await;
    let _ = error(connection.authenticate(&mut credentials).await);
    assert!(!credentials.reveals_secret());
}

/// A mechanism that begins again whatever happens.
struct Stubborn;

impl Mechanism for Stubborn {
    fn name(&self) -> &'static str {
        "X-STUBBORN"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(None)
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        Err(challenge.unexpected())
    }

    fn refused(&mut self, _: &RefusedAuth<'_>) -> AfterRefusal {
        AfterRefusal::BeginAgain
    }
}

#[tokio::test(start_paused = true)]
async fn a_mechanism_begins_no_more_than_32_times() {
    let dialogue = "C: AUTH X-STUBBORN\nS: 535 5.7.8 no\n".repeat(32);
    let (connection, peer) = secured(&["AUTH X-STUBBORN"], &dialogue).await;
    let failed = error(connection.authenticate(&mut Stubborn).await);
    assert!(failed.to_string().contains("has begun 32 times"), "{failed}");
    assert_eq!(failed.reply().map(|reply| reply.code().value()), Some(535));
    peer.finish();
}

/// A refusal that is none of the mechanism is the result, and nothing follows it.
#[tokio::test(start_paused = true)]
async fn nothing_follows_other_refusals() {
    for refusal in ["503 5.5.1 no", "454 4.7.0 later", "530 5.7.0 no", "538 5.7.11 no"] {
        let dialogue = format!("C: AUTH SCRAM-SHA-256 *\nS: {refusal}");
        let (connection, peer) = secured(&["AUTH PLAIN SCRAM-SHA-256"], &dialogue).await;
        let failed = error(connection.authenticate(&mut password()).await);
        let code = failed.reply().map(|reply| reply.code().to_string());
        assert_eq!(code.as_deref(), Some(&refusal[..3]), "{failed}");
        peer.finish();
    }
}

/// Where a mechanism cannot begin again, the error has the refusal and the reason.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_kept_where_nothing_begins_again() {
    struct Once(usize);
    impl Mechanism for Once {
        fn name(&self) -> &'static str {
            "X-ONCE"
        }
        fn reveals_secret(&self) -> bool {
            false
        }
        fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
            self.0 += 1;
            if self.0 > 1 { Err(MechanismError::new("nothing is left")) } else { Ok(()) }
        }
        fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
            Ok(None)
        }
        fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
            Err(challenge.unexpected())
        }
        fn refused(&mut self, _: &RefusedAuth<'_>) -> AfterRefusal {
            AfterRefusal::BeginAgain
        }
    }
    let (connection, peer) = secured(&["AUTH X-ONCE"], "C: AUTH X-ONCE\nS: 535 5.7.8 no").await;
    let failed = error(connection.authenticate(&mut Once(0)).await);
    assert_eq!(failed.reply().map(|reply| reply.code().value()), Some(535), "{failed}");
    assert!(failed.to_string().contains("nothing is left"), "{failed}");
    peer.finish();
}

/// The reason of a server is shown on one line, in bounds, and not at all where there is none.
#[tokio::test(start_paused = true)]
async fn the_reason_of_a_server_is_shown_safely() {
    for (reason, shown) in [
        ("{\"a\":\"\x1b[2J\r\n235 ok\"}".to_owned(), true),
        ("{\"a\":\"\u{202e}\u{2066}\u{200f}\"}".to_owned(), true),
        ("x".repeat(5000), true),
        (" \r\n".to_owned(), false),
        (String::new(), false),
    ] {
        let dialogue =
            format!("C: AUTH XOAUTH2 *\nS: 334 {}\nC:\nS: 535 5.7.8 no", STANDARD.encode(&reason));
        let (connection, peer) = secured(&["AUTH XOAUTH2"], &dialogue).await;
        let failed = error(connection.authenticate(&mut Credentials::token("me", "t")).await);
        let text = failed.to_string();
        assert_eq!(text.contains("the server's reason"), shown, "{text}");
        let moves = ['\u{202e}', '\u{2066}', '\u{200f}'];
        assert!(!text.contains(|c: char| c.is_control() || moves.contains(&c)), "{text:?}");
        assert!(text.len() < 1300, "{}", text.len());
        peer.finish();
    }
}

/// The salted password is computed in slices, also where credentials have chosen the mechanism.
#[test]
fn the_work_is_done_in_slices() {
    let lines = ["mail.example.test", "AUTH SCRAM-SHA-256"];
    let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
    let mut credentials = password();
    credentials.begin(&Facts::new("mail.example.test", &capabilities)).expect("SCRAM");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(credentials.poll_ready(&mut cx).is_ready());
    let first = credentials.initial_response().expect("a message").expect("the client begins");
    let first = String::from_utf8_lossy(first.expose()).into_owned();
    let nonce = first.split("r=").nth(1).expect("a nonce");
    let challenge = STANDARD.encode(format!("r={nonce}more,s=c2FsdA==,i=4096"));
    let challenge = Challenge::new(0, challenge.as_bytes());
    assert!(matches!(credentials.respond(challenge), Ok(Step::Wait)));
    let slices = (0..100).take_while(|_| credentials.poll_ready(&mut cx).is_pending()).count();
    assert!((4096 / 256 - 1..100).contains(&slices), "{slices}");
    assert!(matches!(credentials.respond(challenge), Ok(Step::Respond(_))));
}
