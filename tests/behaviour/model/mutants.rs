//! Tests of the oracle: it must notice each single lie, in sessions without other faults.

use super::case::{Case, Message, Mode, Way};
use super::client::play;
use super::kept::case;
use super::oracle::{Violation, judge, told};
use super::plan::Moment::{Own, Whole};
use super::plan::{Answer, Cut, Plan, Protocol};
use super::sabotage::Sabotage;
use super::wire::End;

fn violations(case: &Case, sabotage: Sabotage) -> (Vec<Violation>, String) {
    let played = play(case, sabotage).expect("no panic");
    let violations = judge(case, &played);
    let text = told(case, &played, &violations);
    (violations, text)
}

/// Without the lie the session is right, with it the oracle says this.
fn is_noticed(sabotage: Sabotage, rule: &str, change: impl Fn(&mut Plan)) {
    let ways = [Way::Data, Way::Chunks(9), Way::Eager(9, 8, 1 << 20)];
    is_noticed_in(&ways, sabotage, rule, change);
}

/// The same where each recipient has a reply of its own.
fn is_noticed_of_each(sabotage: Sabotage, rule: &str, change: impl Fn(&mut Plan)) {
    for protocol in [Protocol::Lmtp, Protocol::Prdr] {
        is_noticed_in(&[Way::Data, Way::Chunks(9)], sabotage, rule, |plan| {
            plan.protocol = protocol;
            change(plan);
        });
    }
}

fn is_noticed_in(ways: &[Way], sabotage: Sabotage, rule: &str, change: impl Fn(&mut Plan)) {
    let message = || Message { lines: vec!["text", ".text"], ..Message::to(2) };
    let mut sessions = 0;
    for way in ways.iter().copied() {
        let modes: [fn(Way) -> Mode; 4] =
            [Mode::DeliverAll, Mode::Deliver, Mode::DeliverStream, Mode::Feed];
        for mode in modes.map(|mode| mode(way)) {
            let case = case(mode, [message(), message()], |plan| {
                plan.offers.pipelining = true;
                plan.offers.chunking = true;
                change(plan);
            });
            let (violations_of_truth, text) = violations(&case, Sabotage::None);
            assert!(violations_of_truth.is_empty(), "without a lie:\n{text}");
            let (found, text) = violations(&case, sabotage);
            let noticed = found.iter().any(|violation| violation.rule.contains(rule));
            assert!(noticed, "{sabotage:?} does not break {rule:?}:\n{text}");
            sessions += 1;
        }
    }
    assert_eq!(sessions, 4 * ways.len());
}

fn nothing(_: &mut Plan) {}

fn first_rcpt_refused(plan: &mut Plan) {
    plan.rcpt = vec![Answer::No(550, true)];
}

fn last_reply_lost(plan: &mut Plan) {
    plan.cut = Some(Cut { at: Whole(1), goodbye: None, how: End::Close });
}

#[test]
fn a_server_that_delivers_otherwise_than_it_says() {
    for (sabotage, rule) in [
        (Sabotage::DeliversTwice, "no recipient gets a message twice"),
        (Sabotage::CutsMessages, "content arrives as it is"),
        (Sabotage::ForgetsMessages, "it was not delivered: the client says delivered"),
        (Sabotage::LosesRecipient, "it was not delivered: the client says delivered"),
        (Sabotage::Misroutes, "a message reaches its own recipients alone"),
    ] {
        is_noticed(sabotage, rule, nothing);
    }
    is_noticed(Sabotage::DeliversRefused, "it was delivered: the client says refused", |plan| {
        plan.end = vec![Answer::Yes, Answer::No(554, true)];
    });
}

#[test]
fn a_client_that_reports_otherwise_than_it_knows() {
    is_noticed(Sabotage::SwapsReports, "the client says delivered", first_rcpt_refused);
    is_noticed(Sabotage::TurnsRefusals, "the client says refused for now", first_rcpt_refused);
    is_noticed(Sabotage::ReportsTwice, "reported once", nothing);
    is_noticed(Sabotage::ForgetsReport, "reported once", nothing);
    is_noticed(Sabotage::DoubtsDelivered, "accepted: the client says unknown", nothing);
    is_noticed(Sabotage::DeniesUnknown, "whole and no reply", last_reply_lost);
    is_noticed(Sabotage::DeclaresLost, "a connection is lost for a reason", nothing);
    is_noticed(Sabotage::DeclaresLost, "a connection that is lost stays lost", nothing);
    is_noticed(Sabotage::DeclaresTransient, "a message is transient", |plan| {
        plan.mail = vec![Answer::No(550, false)];
    });
}

/// Which recipient gets which reply.
#[test]
fn a_reply_that_is_given_to_another_recipient() {
    let refused = |number: usize| {
        move |plan: &mut Plan| {
            plan.own = vec![Answer::Yes; 4];
            plan.own[number] = Answer::No(552, true);
        }
    };
    for number in 0..4 {
        for sabotage in [Sabotage::ShiftsOwnReplies, Sabotage::ReversesVerdicts] {
            is_noticed_of_each(sabotage, "the client says", refused(number));
        }
        is_noticed_of_each(Sabotage::TurnsRefusals, "the client says refused", refused(number));
        is_noticed_of_each(Sabotage::LosesRecipient, "it was not delivered", refused(0));
    }
}

/// A message whose first reply came, and the second did not.
#[test]
fn a_reply_that_never_came() {
    for sabotage in [Sabotage::DeniesUnknown, Sabotage::DoubtsDelivered] {
        is_noticed_in(&[Way::Data, Way::Chunks(9)], sabotage, "the client says", |plan| {
            plan.protocol = Protocol::Lmtp;
            plan.cut = Some(Cut { at: Own(3), goodbye: None, how: End::Close });
        });
    }
}

/// The server is in the right, and sees another client than there is.
#[test]
fn a_client_that_does_not_keep_the_rules() {
    is_noticed(Sabotage::ForgetsPipelining, "did not wait", nothing);
    is_noticed(Sabotage::KeepsTransactions, "MAIL within a transaction", nothing);
    is_noticed(Sabotage::FallsSilent, "nothing waits for a time-out", nothing);
    is_noticed(Sabotage::SaysTwice, "a connection is lost for a reason", nothing);
}
