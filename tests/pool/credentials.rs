//! A wrong password is tried once, however many callers there are.

use std::time::Duration;

use smtp_pool::{Pool, Reason, SendError};
use tokio::task::JoinSet;
use tokio::time::advance;

use super::peer::{Peer, Plan, message};

fn reason(error: &SendError) -> &Reason {
    match error {
        SendError::NotSent(not_sent) => not_sent.reason(),
        SendError::Delivery(error) => panic!("a connection had it: {error}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_callers_with_a_wrong_password_make_one_login() {
    let peer = Peer::new(Plan { password: Some("right"), ..Plan::default() });
    let pool = Pool::new(peer.logged_in("wrong"));
    let mut callers = JoinSet::new();
    for number in 0..1000 {
        let pool = pool.clone();
        callers.spawn(async move {
            let (envelope, body) = message(number);
            pool.send(envelope, body).await.expect_err("the password is wrong")
        });
    }
    while let Some(error) = callers.join_next().await {
        let error = error.expect("no caller hangs or panics");
        assert!(matches!(reason(&error), Reason::Credentials { .. }), "{error}");
        assert!(!error.is_transient());
    }
    assert_eq!(peer.counts().logins, 1);

    // The pauses: 60 seconds, then twice as long each time.
    for (pause, logins) in [(59, 1), (1, 2), (119, 2), (1, 3), (239, 3), (1, 4)] {
        advance(Duration::from_secs(pause)).await;
        let (envelope, body) = message(0);
        pool.send(envelope, body).await.expect_err("still wrong");
        assert_eq!(peer.counts().logins, logins, "after {pause} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_has_become_right_is_tried_when_the_caller_says_so() {
    let peer = Peer::new(Plan { password: Some("other"), ..Plan::default() });
    let pool = Pool::new(peer.logged_in("right"));
    let (envelope, body) = message(0);
    pool.send(envelope, body).await.expect_err("wrong");
    peer.plan().password = Some("right");
    let (envelope, body) = message(1);
    let error = pool.send(envelope, body).await.expect_err("not tried");
    let (envelope, body) = error.into_message().expect("handed back");
    pool.forget_refused_login();
    pool.send(envelope, body).await.expect("taken");
    assert_eq!(peer.counts().logins, 2);
}
