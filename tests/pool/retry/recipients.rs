//! Each recipient: named again until it has the message or is refused for good, and no longer.

use std::time::Duration;

use smtp::Policy;
use smtp_pool::{Pool, RetryErrorKind, Schedule, Settings};
use tokio::task::JoinSet;

use super::super::peer::{Peer, Plan};
use super::{envelope, named, one, outcomes, report_of, text};

/// Commands and their scripted replies.
type Script = &'static [(&'static str, &'static [&'static str])];

const A: &str = "RCPT TO:<a@";
const B: &str = "RCPT TO:<b@";
const NOT_NOW: &str = "450 4.2.1 not now";
const NEVER: &str = "550 5.1.1 no such user";

/// The names of each attempt, and the outcomes of a, b and c.
#[tokio::test(start_paused = true)]
async fn the_next_attempt_names_only_those_that_may_still_get_it() {
    type Row = (&'static str, Script, &'static str, &'static str, [usize; 3]);
    let table: [Row; 14] = [
        ("all are taken", &[], "abc", "ddd", [1, 1, 1]),
        ("one later", &[(A, &[NOT_NOW])], "abc a", "ddd", [2, 1, 1]),
        ("one never", &[(A, &[NEVER])], "abc", "rdd", [1, 1, 1]),
        ("one later, then never", &[(A, &[NOT_NOW, NEVER])], "abc a", "rdd", [2, 1, 1]),
        ("two", &[(A, &[NOT_NOW, NEVER]), (B, &[NOT_NOW, NOT_NOW])], "abc ab b", "rdd", [2, 3, 1]),
        ("for too long", &[(A, &[NOT_NOW; 9])], "abc a a a", "edd", [4, 1, 1]),
        ("the sender later", &[("MAIL", &["451 4.3.0 busy"])], "abc", "ddd", [2; 3]),
        ("the sender never", &[("MAIL", &["550 5.7.1 no"])], "", "rrr", [1; 3]),
        ("DATA later", &[("DATA", &["451 4.3.0 busy"])], "abc abc", "ddd", [2; 3]),
        ("cut at DATA", &[("DATA", &[""])], "abc abc", "ddd", [2; 3]),
        ("the message later", &[(".", &["452 4.3.1 full"])], "abc abc", "ddd", [2; 3]),
        ("the message never", &[(A, &[NEVER]), (".", &["554 5.6.0 no"])], "abc", "rrr", [1; 3]),
        ("both", &[(A, &[NOT_NOW]), (".", &["554 5.6.0 no"])], "abc a", "drr", [2, 1, 1]),
        ("no answer", &[(A, &[NOT_NOW]), (".", &[""])], "abc a", "duu", [2, 1, 1]),
    ];
    for (name, script, transactions, expected, numbers) in table {
        let peer = Peer::new(Plan::default());
        for (command, replies) in script {
            peer.script(command, replies);
        }
        let retry = one(&peer).retry(Schedule::new().attempts(4));
        let result = retry.send(envelope("abc"), text(0)).await;
        let report = report_of(&result);
        assert_eq!(outcomes(report), expected, "{name}: {report}");
        assert_eq!(named(&peer), transactions, "{name}: {report}");
        assert_eq!(result.is_ok(), expected.contains('d'), "{name}");
        for (recipient, number) in report.recipients().iter().zip(numbers) {
            let attempts = recipient.attempts();
            assert_eq!(attempts.len(), number, "{name}: {report}");
            assert!(attempts.iter().all(|attempt| attempt.counts), "{name}");
        }
        // By the server's count.
        let delivered = peer.counts().delivered;
        assert!(delivered.values().all(|&times| times == 1), "{name}: {delivered:?}");
        let may_have_it = expected.chars().filter(|outcome| "du".contains(*outcome)).count();
        assert_eq!(delivered.len(), may_have_it, "{name}: {delivered:?}");
        assert_eq!(retry.now_waiting(), (0, 0), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_policy_decides_for_all_until_it_has_let_the_message_go() {
    type Row = (&'static str, fn() -> Policy, Script, &'static str, &'static str);
    let all = || Policy::AllOrNothing;
    let two = || Policy::decide(|all| all.iter().filter(|one| one.is_accepted()).count() >= 2);
    let whole = || Policy::Whole;
    let table: [Row; 9] = [
        ("whole, never and later", whole, &[(A, &[NEVER]), (B, &[NOT_NOW])], "abc b", "rdd"),
        ("all, one later", all, &[(A, &[NOT_NOW])], "abc abc", "ddd"),
        ("all, one never", all, &[(A, &[NEVER])], "abc", "rrr"),
        ("all, never and later", all, &[(A, &[NEVER]), (B, &[NOT_NOW])], "abc", "rrr"),
        ("all, the message later", all, &[(".", &["452 4.3.1 full"])], "abc abc", "ddd"),
        ("two, one later", two, &[(A, &[NOT_NOW, NOT_NOW])], "abc a a", "ddd"),
        ("two, at last", two, &[(A, &[NEVER; 2]), (B, &[NOT_NOW])], "abc abc", "rdd"),
        ("two, never", two, &[(A, &[NEVER; 2]), (B, &[NEVER; 2])], "abc", "rrr"),
        (
            "two, and not the message",
            two,
            &[(A, &[NOT_NOW]), (".", &["554 5.6.0 no"])],
            "abc",
            "rrr",
        ),
    ];
    for (name, policy, script, transactions, expected) in table {
        let peer = Peer::new(Plan::default());
        for (command, replies) in script {
            peer.script(command, replies);
        }
        let retry = one(&peer).retry(Schedule::new().attempts(4));
        let result = retry.send(envelope("abc").policy(policy()), text(0)).await;
        let report = report_of(&result);
        assert_eq!(outcomes(report), expected, "{name}: {report}");
        assert_eq!(named(&peer), transactions, "{name}: {report}");
        let delivered = peer.counts().delivered;
        assert!(delivered.values().all(|&times| times == 1), "{name}: {delivered:?}");
        assert_eq!(delivered.len(), expected.matches('d').count(), "{name}: {delivered:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_fate_is_unknown_is_sent_again_only_where_the_caller_says_so() {
    for (resend, expected, times) in [(false, "uu", 1), (true, "dd", 2)] {
        let peer = Peer::new(Plan::default());
        peer.script(".", &[""]);
        let retry = one(&peer).retry(Schedule::new());
        let retry = if resend { retry.resend_unknown() } else { retry };
        let result = retry.send(envelope("ab"), text(0)).await;
        assert_eq!(outcomes(report_of(&result)), expected);
        assert!(peer.counts().delivered.values().all(|&taken| taken == times));
        if let Err(error) = result {
            assert_eq!(error.kind(), RetryErrorKind::Unknown);
            assert!(error.into_message().is_none(), "it may be with the server");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_of_many_messages_reaches_each_recipient_once() {
    let peer = Peer::new(Plan { takes: Duration::from_millis(3), ..Plan::default() });
    peer.script(A, &[NOT_NOW; 100]);
    peer.script(B, &[NOT_NOW; 57]);
    peer.script("MAIL", &["451 4.3.0 busy"; 40]);
    peer.script("DATA", &["", "451 4.3.0 busy", "", "", "451 4.3.0 busy"]);
    peer.script(".", &["452 4.3.1 full"; 70]);
    let settings = Settings::new().connections(4);
    let pool = Pool::with_settings(peer.server("a.test"), settings);
    let retry = pool.retry(Schedule::exponential(Duration::from_secs(10), Duration::from_secs(60)));
    let mut sends = JoinSet::new();
    for number in 0..300 {
        let retry = retry.clone();
        sends.spawn(async move { retry.send(envelope("abc"), text(number)).await });
    }
    while let Some(result) = sends.join_next().await {
        let report = result.expect("no panic").expect("delivered");
        assert!(report.is_complete(), "{report}");
    }
    let counts = peer.counts();
    assert_eq!(counts.delivered.len(), 900);
    assert!(counts.delivered.values().all(|&times| times == 1));
    assert!(counts.most_open <= 4);
}
