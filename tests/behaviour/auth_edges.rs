//! Authentication with servers, sources and users that mean no good.

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use smtp::Secret;
use smtp::auth::{
    AccessToken, Credentials, DigestMd5, Need, ScramSha256, Strength, TokenError, TokenSource,
};
use smtp::connect::Cached;
use smtp::error::Blame;
use tests::{error, secured};

type Answer = Result<AccessToken, TokenError>;

/// Runs it in a thread of its own; none where it does not end in time.
fn within<T: Send + 'static>(
    limit: Duration,
    run: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, end) = mpsc::channel();
    std::thread::spawn(move || done.send(run()));
    end.recv_timeout(limit).ok()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A deadline of zero is an error at once, also where the clock is coarse.
#[test]
fn a_deadline_of_zero_ends() {
    let answer = within(Duration::from_secs(5), || {
        let paused = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let tokens = Cached::new(|_: Need| pending::<Answer>()).deadline(Duration::ZERO);
        paused.block_on(tokens.token(Need::Authentication))
    });
    let failed = answer.expect("it ends").expect_err("no token");
    assert!(failed.is_timed_out(), "{failed}");
}

/// The deadline holds where the runtime of the first caller is not driven any more.
#[test]
fn the_deadline_is_kept_on_the_runtime_that_waits() {
    let tokens = Cached::new(|_: Need| pending::<Answer>()).deadline(Duration::from_millis(200));
    let first = runtime();
    let left = first.block_on(async {
        tokio::time::timeout(Duration::from_millis(1), tokens.token(Need::Authentication)).await
    });
    assert!(left.is_err());
    let own = tokens.clone();
    let answer =
        within(Duration::from_secs(5), move || runtime().block_on(own.token(Need::Authentication)));
    drop(first);
    let failed = answer.expect("the deadline has passed").expect_err("no token");
    assert!(failed.is_timed_out(), "{failed}");
}

/// A runtime that was shut down is no failure of the source.
#[test]
fn a_runtime_that_was_shut_down_has_not_failed_the_next_caller() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let tokens = Cached::new(move |_: Need| {
        let call = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            if call == 0 {
                pending::<()>().await;
            }
            Ok(AccessToken::new("t1"))
        }
    })
    .deadline(Duration::from_millis(200));
    let first = runtime();
    let left = first.block_on(async {
        tokio::time::timeout(Duration::from_millis(1), tokens.token(Need::Authentication)).await
    });
    assert!(left.is_err());
    drop(first);
    let answer = within(Duration::from_secs(5), move || {
        runtime().block_on(tokens.token(Need::Authentication))
    });
    let answer = answer.expect("it ends");
    if let Err(failed) = &answer {
        assert!(failed.is_transient(), "{failed}");
    }
}

/// A token that is valid still is used where its refresh fails.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_fails_leaves_a_token_that_is_valid_still() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let tokens = Cached::new(move |_: Need| {
        ready(match counted.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(AccessToken::new("t0").expires_in(Duration::from_secs(3600))),
            _ => Err(TokenError::temporary("the network is down")),
        })
    });
    tokens.token(Need::Authentication).await.expect("a token");
    tokio::time::advance(Duration::from_secs(3310)).await;
    tokens.token(Need::Authentication).await.expect("290 seconds are left");
    tokio::time::advance(Duration::from_secs(300)).await;
    tokens.token(Need::Authentication).await.expect_err("it has expired");
}

/// A source that has rested has the whole deadline for the next caller.
#[tokio::test(start_paused = true)]
async fn a_source_that_has_rested_gets_its_time() {
    let tokens = Cached::new(|_: Need| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        // A second step, such as the answer after the connection.
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(AccessToken::new("t0"))
    });
    let one = Duration::from_secs(1);
    let left = tokio::time::timeout(one, tokens.token(Need::Authentication)).await;
    assert!(left.is_err());
    tokio::time::advance(Duration::from_secs(28)).await;
    tokens.token(Need::Authentication).await.expect("it takes four seconds, and has thirty");
}

/// The source learns of a refusal that came while it was asked for another reason.
#[tokio::test(start_paused = true)]
async fn a_refusal_reaches_the_source_though_it_was_asked_already() {
    let needs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&needs);
    // Keeps its own token, and gives another where it learns of a refusal.
    let tokens = Cached::new(move |need: Need| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::task::yield_now().await;
            let token = if matches!(need, Need::Refused(_)) { "t1" } else { "t0" };
            Ok(AccessToken::new(token).expires_in(Duration::from_secs(600)))
        }
    });
    tokens.token(Need::Authentication).await.expect("a token");
    tokio::time::advance(Duration::from_secs(301)).await;
    let other = tokens.token(Need::Authentication);
    let renewed = tokens.token(Need::Refused(Secret::from("t0")));
    let (_, renewed) = tokio::join!(other, renewed);
    let renewed = renewed.expect("a token");
    assert_eq!(renewed.secret().expose(), b"t1", "the refused one");
}

/// A long token is sent when the server asks for it: that is no reason of the server.
#[tokio::test(start_paused = true)]
async fn a_long_token_is_replaced_for_the_same_refusals_as_a_short_one() {
    for code in ["535 5.7.139 basic authentication is disabled", "525 5.7.13 no", "503 5.5.1 no"] {
        for bytes in [10, 2000] {
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&calls);
            let source = move |_: Need| {
                let call = counted.fetch_add(1, Ordering::Relaxed);
                ready(Ok(AccessToken::new(format!("{}{call}", "x".repeat(bytes)))))
            };
            let mut credentials = Credentials::token_source("me", source);
            let response = |call: usize| {
                base64(format!("user=me\x01auth=Bearer {}{call}\x01\x01", "x".repeat(bytes)))
            };
            let dialogue = match bytes {
                10 => format!("C: AUTH XOAUTH2 {}\nS: {code}", response(0)),
                _ => format!("C: AUTH XOAUTH2\nS: 334\nC: {}\nS: {code}\n-- close --", response(0)),
            };
            let (connection, peer) = secured(&["AUTH XOAUTH2"], &dialogue).await;
            let _ = error(connection.authenticate(&mut credentials).await);
            drop(peer);
            assert_eq!(calls.load(Ordering::Relaxed), 1, "{bytes} {code}");
        }
    }
}

/// An empty password is refused before anything is sent, whatever the mechanism.
#[tokio::test(start_paused = true)]
async fn a_password_that_cannot_be_written_is_refused_before_anything_is_sent() {
    for password in ["", "a\x07b"] {
        let s1 = base64("r=x,s=QSXCR+Q6sek8bf92,i=4096");
        let dialogue = format!("C: AUTH SCRAM-SHA-256 *\nS: 334 {s1}\n-- close --");
        let (connection, peer) = secured(&["AUTH SCRAM-SHA-256"], &dialogue).await;
        let result = connection.authenticate(&mut ScramSha256::new("me", password)).await;
        let written = String::from_utf8(peer.written()).expect("text");
        assert!(!written.contains("AUTH"), "{written}");
        let failed = error(result);
        assert_eq!(failed.blame(), Blame::Caller, "{failed}");
        drop(peer);
    }
}

/// The advice names no mechanism that the caller has ruled out.
#[tokio::test(start_paused = true)]
async fn the_advice_after_a_refusal_can_be_followed() {
    let password = || Credentials::password("me", "pencil");
    for (credentials, never) in [
        (password().without("PLAIN"), "PLAIN"),
        (password().at_least(Strength::Proof), "LOGIN"),
        (password().acting_as("boss"), "LOGIN"),
    ] {
        let mut credentials = credentials;
        let dialogue = "C: AUTH SCRAM-SHA-256 *\nS: 535 5.7.8 no";
        let (connection, peer) = secured(&["AUTH LOGIN PLAIN SCRAM-SHA-256"], dialogue).await;
        let failed = error(connection.authenticate(&mut credentials).await).to_string();
        assert!(!failed.contains(never), "{failed}");
        peer.finish();
    }
}

/// An error about a name says which: it may be misspelt, or of a feature that is not built.
#[tokio::test(start_paused = true)]
async fn a_name_that_is_not_known_is_in_the_error() {
    let mut credentials = Credentials::password("me", "pencil").only("SCRAM-SHA256");
    let (connection, peer) = secured(&["AUTH PLAIN SCRAM-SHA-256"], "").await;
    let failed = error(connection.authenticate(&mut credentials).await).to_string();
    assert!(failed.contains("SCRAM-SHA256"), "{failed}");
    peer.finish();
}

/// A token that was read from a file may end with a line end: that is said before it is sent (the
/// token and the name hold no NUL, CR or LF).
#[tokio::test(start_paused = true)]
async fn a_token_that_no_server_takes_is_not_sent() {
    for token in ["token\n", "token\r\n", "to\0ken", " token"] {
        for name in ["XOAUTH2", "OAUTHBEARER"] {
            let dialogue = format!("C: AUTH {name} *\nS: 535 5.7.8 no");
            let (connection, peer) = secured(&[&format!("AUTH {name}")], &dialogue).await;
            let failed = error(connection.authenticate(&mut Credentials::token("me", token)).await);
            let written = String::from_utf8(peer.written()).expect("text");
            assert!(!written.contains("AUTH"), "{token:?}: {failed}");
            drop(peer);
        }
    }
}

/// The error after a second failure says that there was a first one.
#[tokio::test(start_paused = true)]
async fn an_error_does_not_lose_the_first_refusal() {
    let mut credentials = Credentials::password("me", "pencil");
    let dialogue = "C: AUTH SCRAM-SHA-256 *\nS: 504 5.5.4 FIRST\nC: AUTH PLAIN *\nS: 535 5.7.8 no";
    let (connection, peer) = secured(&["AUTH PLAIN SCRAM-SHA-256"], dialogue).await;
    let failed = error(connection.authenticate(&mut credentials).await).to_string();
    assert!(failed.contains("SCRAM-SHA-256"), "{failed}");
    peer.finish();
    // And one that ends the choice, because the others are too weak, says so.
    let mut credentials = Credentials::password("me", "pencil").at_least(Strength::Proof);
    let dialogue = "C: AUTH SCRAM-SHA-256 *\nS: 504 5.5.4 unknown";
    let (connection, peer) = secured(&["AUTH PLAIN SCRAM-SHA-256"], dialogue).await;
    let failed = error(connection.authenticate(&mut credentials).await).to_string();
    assert!(failed.contains("PLAIN: weaker than asked for"), "{failed}");
    peer.finish();
}

/// Without `charset=utf-8` in the challenge, a name is written in Latin-1 (RFC 2831 §2.1.2.1).
#[tokio::test(start_paused = true)]
async fn digest_md5_writes_latin_1_where_the_server_names_no_charset() {
    let challenge = base64(r#"realm="a",nonce="abc",qop="auth",algorithm=md5-sess"#);
    let dialogue = format!("C: AUTH DIGEST-MD5\nS: 334 {challenge}\nC: *\nS: 535 no");
    let (connection, peer) = secured(&["AUTH DIGEST-MD5"], &dialogue).await;
    let _ = error(connection.authenticate(&mut DigestMd5::new("j\u{fc}", "pencil")).await);
    let written = String::from_utf8(peer.written()).expect("text");
    let answer = {
        use base64::Engine as _;
        let line = written.lines().last().expect("an answer");
        base64::engine::general_purpose::STANDARD.decode(line).expect("base64")
    };
    let latin_1 = b"username=\"j\xfc\"";
    let found = answer.windows(latin_1.len()).any(|part| part == latin_1);
    assert!(found, "{}", String::from_utf8_lossy(&answer));
    peer.finish();
}

/// "Not tried" is not true where it was tried before.
#[tokio::test(start_paused = true)]
async fn an_error_does_not_deny_the_first_try() {
    let tokens = |need: Need| {
        ready(match need {
            Need::Refused(_) => Err(TokenError::new("consent withdrawn")),
            _ => Ok(AccessToken::new("t0")),
        })
    };
    let dialogue = "C: AUTH XOAUTH2 *\nS: 535 5.7.8 no";
    let (connection, peer) = secured(&["AUTH XOAUTH2"], dialogue).await;
    let mut credentials = Credentials::token_source("me", tokens);
    let failed = error(connection.authenticate(&mut credentials).await).to_string();
    assert!(!failed.contains("authentication was not tried:"), "{failed}");
    peer.finish();
}

/// The error of a cache names the method of the cache.
#[test]
fn a_cache_without_timers_names_its_own_clock() {
    let mut answer = Cached::new(|_: Need| pending::<Answer>()).token(Need::Authentication);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(failed)) = answer.as_mut().poll(&mut cx) else {
        panic!("it waits for ever");
    };
    assert!(failed.to_string().contains("Cached::clock"), "{failed}");
}

/// The flag `y` claims that the server offers no -PLUS, and one that does must then refuse (RFC 5802
/// §6), whichever hash function it offers -PLUS with.
#[tokio::test(start_paused = true)]
async fn a_client_that_has_seen_plus_does_not_deny_it() {
    let password = || Credentials::password("me", "pencil");
    for (credentials, offers) in [
        (password().only("SCRAM-SHA-512"), "SCRAM-SHA-512 SCRAM-SHA-256-PLUS"),
        (
            password().without("SCRAM-SHA-256-PLUS"),
            "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
        ),
    ] {
        let mut credentials = credentials;
        let dialogue = "C: AUTH SCRAM-SHA-512 *\nS: 535 5.7.8 no";
        let (connection, peer) = secured(&[&format!("AUTH {offers}")], dialogue).await;
        let _ = error(connection.authenticate(&mut credentials).await);
        let written = String::from_utf8(peer.written()).expect("text");
        // "n,,", and not "y,,".
        assert!(written.contains("AUTH SCRAM-SHA-512 biws"), "{offers}: {written}");
        peer.finish();
    }
}

/// A refusal after which the mechanism went on is not the end: the loss of the connection is.
#[tokio::test(start_paused = true)]
async fn a_loss_after_another_beginning_is_transient() {
    let tokens = || {
        let calls = AtomicUsize::new(0);
        move |_: Need| {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            ready(Ok(AccessToken::new(format!("t{call}"))))
        }
    };
    for end in ["-- close --", "S: 421 4.3.2 shutting down\n-- close --"] {
        let refused = "C: AUTH XOAUTH2 *\nS: 535 5.7.8 expired\nC: AUTH XOAUTH2 *\n";
        let (connection, _peer) = secured(&["AUTH XOAUTH2"], &format!("{refused}{end}")).await;
        let mut credentials = Credentials::token_source("me", tokens());
        let failed = error(connection.authenticate(&mut credentials).await);
        assert!(failed.is_transient(), "the new token was not answered: {failed}");

        let unknown = "C: AUTH SCRAM-SHA-256 *\nS: 504 5.5.4 unknown\nC: AUTH PLAIN *\n";
        let offers = ["AUTH PLAIN SCRAM-SHA-256"];
        let (connection, _peer) = secured(&offers, &format!("{unknown}{end}")).await;
        let mut credentials = Credentials::password("me", "pencil");
        let failed = error(connection.authenticate(&mut credentials).await);
        assert!(failed.is_transient(), "PLAIN was not answered: {failed}");
    }
}

/// Microsoft says 5.7.139 to tokens too, where SMTP is switched off for the mailbox.
#[tokio::test(start_paused = true)]
async fn a_token_is_not_advised_to_a_caller_that_has_one() {
    let dialogue = "C: AUTH XOAUTH2 *\nS: 535 5.7.139 SmtpClientAuthentication is disabled";
    let (connection, peer) = secured(&["AUTH XOAUTH2"], dialogue).await;
    let failed = error(connection.authenticate(&mut Credentials::token("me", "t")).await);
    assert!(!failed.to_string().contains("use a token"), "{failed}");
    peer.finish();
}

/// An error of an OAuth client may keep the answer that it could not read, with the token in it, and
/// show it in its `Debug`, as `RequestTokenError::Parse` of `oauth2` does.
#[test]
fn a_token_error_shows_its_cause_by_its_text() {
    struct Unreadable;
    impl std::fmt::Debug for Unreadable {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("ya29.secret")
        }
    }
    impl std::fmt::Display for Unreadable {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the answer cannot be read")
        }
    }
    impl std::error::Error for Unreadable {}
    let shown = format!("{:?}", TokenError::temporary(Unreadable));
    assert!(!shown.contains("secret"), "{shown}");
}

/// A mailbox that does not take the token of the account stops no other one.
#[tokio::test(start_paused = true)]
async fn a_refused_token_is_kept_for_the_others_until_there_is_another() {
    let calls = AtomicUsize::new(0);
    let tokens = Cached::new(move |_: Need| {
        ready(match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(AccessToken::new("t0").expires_in(Duration::from_secs(3600))),
            _ => Err(TokenError::temporary("429 slow down")),
        })
    });
    tokens.token(Need::Authentication).await.expect("a token");
    tokens.token(Need::Refused(Secret::from("t0"))).await.expect_err("it is refused");
    tokens.token(Need::Authentication).await.expect("it is good for the others");
}

/// A challenge that is not base64 is the server's reason all the same: the refusal follows it.
#[tokio::test(start_paused = true)]
async fn a_reason_that_is_not_base64_is_no_reason_to_cancel() {
    let dialogue = "C: AUTH XOAUTH2 *\nS: 334 {\"status\":\"401\"}\nC: \nS: 535 5.7.8 no\n";
    let (connection, peer) = secured(&["AUTH XOAUTH2"], dialogue).await;
    let failed = error(connection.authenticate(&mut Credentials::token("me", "tok")).await);
    assert!(failed.to_string().contains("401"), "{failed}");
    peer.finish();
}

/// A source that gives the refused token again is asked once for all that were refused.
#[tokio::test(start_paused = true)]
async fn a_source_that_repeats_itself_is_not_asked_by_each() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let tokens = Cached::new(move |_: Need| {
        counted.fetch_add(1, Ordering::Relaxed);
        async {
            tokio::task::yield_now().await;
            Ok(AccessToken::new("t0"))
        }
    });
    tokens.token(Need::Authentication).await.expect("a token");
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..64 {
        waiting.spawn(tokens.token(Need::Refused(Secret::from("t0"))));
    }
    waiting.join_all().await;
    let asked = calls.load(Ordering::Relaxed);
    assert!(asked <= 3, "asked {asked} times");
}

/// A question that hangs ends, also where each caller leaves before the deadline.
#[tokio::test(start_paused = true)]
async fn a_question_that_hangs_ends_though_each_caller_leaves_early() {
    let calls = AtomicUsize::new(0);
    let tokens = Cached::new(move |_: Need| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        async move {
            if call == 0 {
                pending::<()>().await;
            }
            Ok(AccessToken::new("t1"))
        }
    });
    let mut came = 0;
    for _ in 0..20 {
        let patience = Duration::from_secs(10);
        let answer = tokio::time::timeout(patience, tokens.token(Need::Authentication)).await;
        came += usize::from(matches!(answer, Ok(Ok(_))));
        // Beyond the memory of a failure.
        tokio::time::advance(Duration::from_secs(6)).await;
    }
    assert!(came > 0, "200 seconds, and the source was not asked again");
}

/// A caller that has no timers spoils nothing for those that have.
#[tokio::test(start_paused = true)]
async fn a_caller_without_timers_fails_alone() {
    let tokens = Cached::new(|_: Need| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(AccessToken::new("t0"))
    });
    let waiting = tokio::spawn(tokens.token(Need::Authentication));
    tokio::task::yield_now().await;
    let own = tokens.clone();
    let alone = std::thread::spawn(move || {
        let mut answer = own.token(Need::Authentication);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        answer.as_mut().poll(&mut cx).is_ready()
    });
    assert!(alone.join().expect("no panic"), "it has no timers");
    waiting.await.expect("no panic").expect("a token");
    tokens.token(Need::Authentication).await.expect("the token is kept");
}
