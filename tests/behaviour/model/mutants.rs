//! Tests of the oracle: it must notice each single lie, in sessions without other faults.

use super::case::{Case, Message, Mode, Way};
use super::client::play;
use super::kept::case;
use super::oracle::{Violation, judge, told};
use super::plan::Moment::Whole;
use super::plan::{Answer, Cut, Plan};
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
    let message = || Message { lines: vec!["text", ".text"], ..Message::to(2) };
    let mut sessions = 0;
    for way in [Way::Data, Way::Chunks(9), Way::Eager(9, 8, 1 << 20)] {
        for mode in [Mode::DeliverAll(way), Mode::Deliver(way)] {
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
    assert_eq!(sessions, 6);
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

/// The server is in the right, and sees another client than there is.
#[test]
fn a_client_that_does_not_keep_the_rules() {
    is_noticed(Sabotage::ForgetsPipelining, "did not wait", nothing);
    is_noticed(Sabotage::KeepsTransactions, "MAIL within a transaction", nothing);
    is_noticed(Sabotage::FallsSilent, "nothing waits for a time-out", nothing);
    is_noticed(Sabotage::SaysTwice, "a connection is lost for a reason", nothing);
}
