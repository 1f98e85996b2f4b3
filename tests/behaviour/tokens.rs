//! Access tokens from a source: asked once for each connection, kept for many, and replaced where a
//! server refuses one.

use std::future::{pending, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use smtp::auth::{AccessToken, Credentials, Need, TokenError, TokenSource};
use smtp::connect::Cached;
use smtp::{Error, Plain, Secret};
use tests::{error, secured};
use tokio::sync::Notify;
use tokio::time::Instant;

type Answer = Result<AccessToken, TokenError>;

/// A source that counts its calls, and gives a token that names the call.
fn counting(calls: &Arc<AtomicUsize>) -> impl TokenSource + 'static + use<> {
    let calls = Arc::clone(calls);
    move |_: Need| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        ready(Ok(AccessToken::new(format!("t{call}")).expires_in(Duration::from_secs(3600))))
    }
}

fn text(answer: &Answer) -> String {
    let token = answer.as_ref().expect("a token");
    String::from_utf8_lossy(token.secret().expose()).into_owned()
}

fn count(calls: &Arc<AtomicUsize>) -> usize {
    calls.load(Ordering::Relaxed)
}

fn refused(token: &str) -> Need {
    Need::Refused(Secret::from(token))
}

/// The line of AUTH with this token.
fn auth(name: &str, token: &str) -> String {
    use base64::Engine as _;
    let message = match name {
        "XOAUTH2" => format!("user=me\x01auth=Bearer {token}\x01\x01"),
        _ => format!("n,a=me,\x01auth=Bearer {token}\x01\x01"),
    };
    let encoded = base64::engine::general_purpose::STANDARD.encode(message);
    format!("C: AUTH {name} {encoded}\n")
}

#[tokio::test(start_paused = true)]
async fn a_connection_asks_once() {
    let calls = Arc::default();
    let mut credentials = Credentials::token_source("me", counting(&calls));
    for token in ["t0", "t1"] {
        let dialogue = format!("{}S: 235 ok", auth("OAUTHBEARER", token));
        let (connection, peer) = secured(&["AUTH OAUTHBEARER"], &dialogue).await;
        connection.authenticate(&mut credentials).await.expect("a login");
        peer.finish();
    }
    assert_eq!(count(&calls), 2);
    // The next mechanism takes the same token.
    let (first, second) = (auth("OAUTHBEARER", "t2"), auth("XOAUTH2", "t2"));
    let dialogue = format!("{first}S: 504 5.5.4 unknown\n{second}S: 235 ok");
    let (connection, peer) = secured(&["AUTH OAUTHBEARER XOAUTH2"], &dialogue).await;
    connection.authenticate(&mut credentials).await.expect("a login");
    peer.finish();
    assert_eq!(count(&calls), 3);
    assert!(!format!("{credentials:?}").contains("t2"), "{credentials:?}");
}

/// A refused token is replaced once on a connection, whether the server says why first or not.
#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once() {
    let calls = Arc::default();
    let mut credentials = Credentials::token_source("me", counting(&calls));
    let first = "S: 334 eyJzdGF0dXMiOiI0MDEifQ==\nC: AQ==\nS: 535 5.7.8 no\n";
    for (index, refusal) in [first, "S: 535 5.7.3 no\n"].into_iter().enumerate() {
        let (old, new) = (format!("t{}", index * 2), format!("t{}", index * 2 + 1));
        let (old, new) = (auth("OAUTHBEARER", &old), auth("OAUTHBEARER", &new));
        let dialogue = format!("{old}{refusal}{new}S: 235 ok");
        let (connection, peer) = secured(&["AUTH OAUTHBEARER"], &dialogue).await;
        connection.authenticate(&mut credentials).await.expect("a login");
        peer.finish();
    }
    let (old, new) = (auth("OAUTHBEARER", "t4"), auth("OAUTHBEARER", "t5"));
    let dialogue = format!("{old}{first}{new}{first}");
    let (connection, peer) = secured(&["AUTH OAUTHBEARER"], &dialogue).await;
    let never_two = error(connection.authenticate(&mut credentials).await);
    assert_eq!(never_two.reply().map(|reply| reply.code().value()), Some(535), "{never_two}");
    assert!(never_two.to_string().contains(r#"the server's reason: {"status":"401"}"#));
    peer.finish();
    assert_eq!(count(&calls), 6);
}

/// A refusal that no token mends is the result.
#[tokio::test(start_paused = true)]
async fn other_refusals_ask_for_no_other_token() {
    for code in ["454 4.7.0 later", "535 5.7.139 basic authentication is disabled", "525 5.7.13 no"]
    {
        let calls = Arc::default();
        let mut credentials = Credentials::token_source("me", counting(&calls));
        let dialogue = format!("{}S: {code}", auth("OAUTHBEARER", "t0"));
        let (connection, peer) = secured(&["AUTH OAUTHBEARER"], &dialogue).await;
        let refused = error(connection.authenticate(&mut credentials).await);
        assert!(refused.reply().is_some(), "{refused}");
        peer.finish();
        assert_eq!(count(&calls), 1, "{code}");
    }
}

/// Where there is no other token, the error has both: the refusal, and why there is none.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_kept_where_there_is_no_other_token() {
    let same = |_: Need| ready(Ok(AccessToken::new("t0")));
    let fails = |need: Need| {
        ready(match need {
            Need::Authentication => Ok(AccessToken::new("t0")),
            _ => Err(TokenError::temporary("the network is down")),
        })
    };
    for (mut credentials, why) in [
        (Credentials::token_source("me", same), "it gave the refused token again"),
        (Credentials::token_source("me", fails), "the network is down"),
    ] {
        let dialogue = format!("{}S: 535 5.7.8 no", auth("OAUTHBEARER", "t0"));
        let (connection, peer) = secured(&["AUTH OAUTHBEARER"], &dialogue).await;
        let refused = error(connection.authenticate(&mut credentials).await);
        assert_eq!(refused.reply().map(|reply| reply.code().value()), Some(535));
        assert!(refused.to_string().contains(why), "{refused}");
        assert_eq!(refused.is_transient(), why.contains("network"), "{refused}");
        peer.finish();
    }
}

/// A source that fails is a typed error, nothing was sent, and the connection is as before.
#[tokio::test(start_paused = true)]
async fn a_source_that_fails_leaves_the_connection() {
    for (failure, transient) in
        [(TokenError::new("consent withdrawn"), false), (TokenError::temporary("down"), true)]
    {
        let fails = move |_: Need| ready(Err(failure.clone()));
        let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok";
        let (connection, peer) = secured(&["AUTH OAUTHBEARER PLAIN"], dialogue).await;
        let mut credentials = Credentials::token_source("me", fails);
        let refused = connection.authenticate(&mut credentials).await.expect_err("no token");
        let smtp::connection::TransitionError::Refused(refused) = refused else {
            panic!("the connection is gone: {refused}");
        };
        let failed = refused.refusal.token_error().expect("a failure of the source");
        assert_eq!(failed.is_transient(), transient);
        assert_eq!(refused.refusal.is_transient(), transient);
        refused.connection.authenticate(&mut Plain::new("me", "pencil")).await.expect("a login");
        peer.finish();
    }
}

/// Sixty-four connections at once, and one question.
#[tokio::test(start_paused = true)]
async fn one_refresh_serves_all() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let tokens = Cached::new(move |_: Need| {
        counted.fetch_add(1, Ordering::Relaxed);
        async {
            tokio::task::yield_now().await;
            Ok(AccessToken::new("t0").expires_in(Duration::from_secs(3600)))
        }
    });
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let tokens = tokens.clone();
        connections.spawn(async move {
            let dialogue = format!("{}S: 235 ok", auth("OAUTHBEARER", "t0"));
            let (connection, peer) = secured(&["AUTH OAUTHBEARER"], &dialogue).await;
            let mut credentials = Credentials::token_source("me", tokens);
            connection.authenticate(&mut credentials).await.expect("a login");
            peer.finish();
        });
    }
    connections.join_all().await;
    assert_eq!(count(&calls), 1);
}

/// A server that refuses the token of sixty-four connections costs one question.
#[tokio::test(start_paused = true)]
async fn one_refusal_for_all_is_one_refresh() {
    let calls = Arc::default();
    let tokens = Cached::new(counting(&calls));
    assert_eq!(text(&tokens.token(Need::Authentication).await), "t0");
    for _ in 0..64 {
        assert_eq!(text(&tokens.token(refused("t0")).await), "t1");
    }
    assert_eq!(text(&tokens.token(Need::Authentication).await), "t1");
    assert_eq!(count(&calls), 2);
}

/// A token is replaced when less than the margin is left, but half of its lifetime is used.
#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_before_it_expires() {
    for (lifetime, margin, used) in [(3600, 300, 3300), (400, 300, 200), (3600, 0, 3600)] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let tokens = Cached::new(move |_: Need| {
            counted.fetch_add(1, Ordering::Relaxed);
            ready(Ok(AccessToken::new("t").expires_in(Duration::from_secs(lifetime))))
        });
        let tokens = tokens.margin(Duration::from_secs(margin));
        tokens.token(Need::Authentication).await.expect("a token");
        tokio::time::advance(Duration::from_secs(used - 1)).await;
        tokens.token(Need::Authentication).await.expect("a token");
        assert_eq!(count(&calls), 1, "{lifetime} {margin}");
        tokio::time::advance(Duration::from_secs(1)).await;
        tokens.token(Need::Authentication).await.expect("a token");
        assert_eq!(count(&calls), 2, "{lifetime} {margin}");
    }
}

/// A source that never answers is an error at its deadline, for all who wait; connections with other
/// credentials go on, and after a short time the source is asked again.
#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_an_error_at_its_deadline() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let tokens = Cached::new(move |_: Need| {
        counted.fetch_add(1, Ordering::Relaxed);
        pending::<Answer>()
    });
    let began = Instant::now();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let tokens = tokens.clone();
        waiting.spawn(async move {
            let (connection, peer) = secured(&["AUTH XOAUTH2"], "").await;
            let mut credentials = Credentials::token_source("me", tokens);
            let failed = error(connection.authenticate(&mut credentials).await);
            peer.finish();
            failed
        });
    }
    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok";
    let (connection, peer) = secured(&["AUTH PLAIN"], dialogue).await;
    connection.authenticate(&mut Plain::new("me", "pencil")).await.expect("a login");
    peer.finish();
    assert!(began.elapsed() < Duration::from_secs(1));
    for failed in waiting.join_all().await {
        let Error::Refused(refusal) = &failed else { panic!("{failed}") };
        assert!(refusal.token_error().is_some_and(TokenError::is_timed_out), "{failed}");
        assert!(failed.is_transient() && failed.to_string().contains("within 30 s"), "{failed}");
    }
    let took = began.elapsed().as_secs();
    assert_eq!((took, count(&calls)), (30, 1));
    // It has just failed: nothing is asked.
    let again = tokens.token(Need::Authentication).await;
    assert!(again.is_err_and(|error| error.is_timed_out()));
    assert_eq!((began.elapsed().as_secs(), count(&calls)), (30, 1));
    tokio::time::advance(Duration::from_secs(5)).await;
    tokens.token(Need::Authentication).await.expect_err("it still hangs");
    assert_eq!((began.elapsed().as_secs(), count(&calls)), (65, 2));
}

/// A caller that goes away cancels nothing; with no caller the source rests, and the next one goes
/// on with the same question.
#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_cancels_nothing() {
    let (calls, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (counted, opened) = (Arc::clone(&calls), Arc::clone(&gate));
    let tokens = Cached::new(move |_: Need| {
        let call = counted.fetch_add(1, Ordering::Relaxed);
        let opened = Arc::clone(&opened);
        async move {
            opened.notified().await;
            Ok(AccessToken::new(format!("t{call}")))
        }
    });
    let waits =
        |need, seconds| tokio::time::timeout(Duration::from_secs(seconds), tokens.token(need));
    // The first, which has begun it, goes away while the second waits.
    let first = tokio::spawn(waits(Need::Authentication, 10));
    let second = tokio::spawn(waits(Need::Authentication, 20));
    assert!(first.await.expect("no panic").is_err());
    gate.notify_one();
    assert_eq!(text(&second.await.expect("no panic").expect("an answer")), "t0");
    assert_eq!(count(&calls), 1);

    // All go away.
    assert!(waits(Need::Authentication, 0).await.is_ok(), "it is kept");
    assert!(waits(refused("t0"), 1).await.is_err() && count(&calls) == 2);
    gate.notify_one();
    assert_eq!(text(&tokens.token(refused("t0")).await), "t1");
    assert_eq!(count(&calls), 2, "the same question");

    // One that has rested has not failed the next caller: its deadline has stood still.
    assert!(waits(refused("t1"), 1).await.is_err() && count(&calls) == 3);
    tokio::time::advance(Duration::from_secs(60)).await;
    let next = tokio::spawn(waits(refused("t1"), 20));
    tokio::task::yield_now().await;
    gate.notify_one();
    assert_eq!(text(&next.await.expect("no panic").expect("an answer")), "t2");
    assert_eq!(count(&calls), 3, "the same question");
}

/// A failure that a clone does not remember is forgotten by all once there is a token.
#[tokio::test(start_paused = true)]
async fn a_token_ends_the_memory_of_a_failure() {
    let calls = AtomicUsize::new(0);
    let tokens = Cached::new(move |_: Need| {
        ready(match calls.fetch_add(1, Ordering::Relaxed) {
            0 => Err(TokenError::temporary("down")),
            call => Ok(AccessToken::new(format!("t{call}"))),
        })
    });
    tokens.token(Need::Authentication).await.expect_err("the first call fails");
    let forgetful = tokens.clone().failure_memory(Duration::ZERO);
    assert_eq!(text(&forgetful.token(Need::Authentication).await), "t1");
    assert_eq!(text(&tokens.token(refused("t1")).await), "t2");
}

/// The source of a cache learns why it is asked.
#[tokio::test(start_paused = true)]
async fn the_source_learns_why_it_is_asked() {
    let tokens = Cached::new(|need: Need| {
        ready(match need {
            Need::Refused(token) if token.expose() == b"t0" => Ok(AccessToken::new("t1")),
            _ => Ok(AccessToken::new("t0")),
        })
    });
    assert_eq!(text(&tokens.token(Need::Authentication).await), "t0");
    assert_eq!(text(&tokens.token(refused("t0")).await), "t1");
}

/// Where there are no timers, a source that has its token at once needs none, and one that waits is
/// an error that says so.
#[test]
fn a_cache_outside_of_a_runtime() {
    let poll = |tokens: &Cached| {
        let mut answer = tokens.token(Need::Authentication);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        answer.as_mut().poll(&mut cx)
    };
    assert!(poll(&Cached::new(|_: Need| ready(Ok(AccessToken::new("t0"))))).is_ready());
    let std::task::Poll::Ready(Err(failed)) = poll(&Cached::new(|_: Need| pending::<Answer>()))
    else {
        panic!("it waits for ever");
    };
    assert!(failed.to_string().contains("runtime"), "{failed}");
}

/// A panic of the source is an error for all, and the next call asks again.
#[tokio::test(start_paused = true)]
async fn a_source_that_panics_is_an_error() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let tokens = Cached::new(move |_: Need| {
        let call = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            assert!(call > 0, "the first call fails");
            Ok(AccessToken::new("t1"))
        }
    });
    let failed = tokens.token(Need::Authentication).await.expect_err("a panic");
    assert!(failed.to_string().contains("panicked") && !failed.is_transient(), "{failed}");
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(text(&tokens.token(Need::Authentication).await), "t1");
}
