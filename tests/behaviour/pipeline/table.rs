//! Every answer to MAIL, to two recipients, to DATA: the bytes that the client writes, and the
//! outcomes, in one flight and one command at a time.

use smtp::command::Noop;
use smtp::error::Fault;
use smtp::pipeline::{NotSent, Outcome};

use super::{MODES, Transaction, code, said, transact, written};

const GROUP: [&str; 4] = [
    "C: MAIL FROM:<me@example.com>\n",
    "C: RCPT TO:<a@example.org>\n",
    "C: RCPT TO:<b@example.org>\n",
    "C: DATA\n",
];
const CONTENT: &str = "C: content\nC: .\n";
const RESET: &str = "C: RSET\nS: 250 ok\n";

#[derive(Clone, Copy, Debug)]
struct Case {
    mail: u16,
    rcpts: [u16; 2],
    data: u16,
}

fn cases() -> impl Iterator<Item = Case> {
    let rcpts = [[550, 550], [450, 250], [251, 550], [250, 250], [503, 503]];
    [250, 451, 550].into_iter().flat_map(move |mail| {
        rcpts.into_iter().flat_map(move |rcpts| {
            [354, 451, 554].into_iter().map(move |data| Case { mail, rcpts, data })
        })
    })
}

impl Case {
    fn replies(self) -> [u16; 4] {
        [self.mail, self.rcpts[0], self.rcpts[1], self.data]
    }

    fn accepted(self) -> usize {
        self.rcpts.iter().filter(|code| **code < 300).count()
    }

    fn is_ready(self) -> bool {
        self.mail < 300 && self.accepted() > 0 && self.data == 354
    }

    /// Whether the server waits for content without a sender, for recipients that it has accepted:
    /// a dot would deliver an empty message, so the connection is closed.
    fn is_abandoned(self) -> bool {
        self.mail >= 300 && self.accepted() > 0 && self.data == 354
    }

    /// The dialogue from the reply to DATA up to the next call.
    fn end(self) -> String {
        if self.is_ready() {
            format!("{CONTENT}S: 250 queued as Q\n")
        } else if self.data == 354 {
            format!("C: .\nS: 554 nobody\n{RESET}")
        } else if self.mail >= 300 && self.accepted() == 0 {
            String::new()
        } else {
            RESET.to_owned()
        }
    }

    fn in_one_flight(self) -> String {
        let replies = self.replies().map(|code| format!("S: {code} x\n"));
        let group = GROUP.concat() + &replies.concat();
        if self.is_abandoned() { group } else { group + &self.end() }
    }

    fn one_at_a_time(self) -> String {
        let steps = GROUP.iter().zip(self.replies());
        let steps = steps.map(|(command, code)| format!("{command}S: {code} x\n"));
        let steps: Vec<String> = steps.collect();
        match (self.mail, self.accepted()) {
            (300.., _) => steps[0].clone(),
            (_, 0) => steps[..3].concat() + RESET,
            _ => steps.concat() + &self.end(),
        }
    }

    fn check(self, (mail, rcpts, message): &Transaction, pipelined: bool) {
        assert_eq!(mail.is_accepted(), self.mail < 300, "{self:?}");
        assert_eq!(rcpts.len(), 2, "{self:?}");
        let asked = pipelined || self.mail < 300;
        for (outcome, expected) in rcpts.iter().zip(self.rcpts) {
            match (asked, outcome) {
                (true, Outcome::Accepted(reply)) => assert_eq!(reply.code().value(), expected),
                (true, _) => assert_eq!(code(outcome), Some(expected), "{self:?}"),
                (false, _) => assert_eq!(*outcome, Outcome::NotSent(NotSent::AfterRefused)),
            }
        }
        let asked = pipelined || (asked && self.accepted() > 0);
        assert_eq!(message.opening.is_accepted(), asked && self.data == 354, "{self:?}");
        assert_eq!(message.end.is_accepted(), self.is_ready(), "{self:?}");
        let empty_message_reply =
            asked && self.data == 354 && !self.is_ready() && !self.is_abandoned();
        assert_eq!(message.empty_message_reply.is_some(), empty_message_reply, "{self:?}");
        if self.is_ready() {
            return;
        }
        let no_recipient =
            self.mail < 300 && self.accepted() == 0 && (self.data == 354 || !pipelined);
        let why = if no_recipient { NotSent::NoRecipients } else { NotSent::AfterRefused };
        assert!(
            matches!(message.end, Outcome::NotSent(reason) if reason == why),
            "{self:?}: {message:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_its_end() {
    let mut seen = 0;
    for case in cases() {
        for offers in MODES {
            let pipelined = !offers.is_empty();
            let dialogue = if pipelined { case.in_one_flight() } else { case.one_at_a_time() };
            let abandoned = pipelined && case.is_abandoned();
            let next = if abandoned { "" } else { "C: NOOP\nS: 250 ok\n" };
            let dialogue = dialogue + next;
            let (connection, outcomes, peer) = transact(offers, &dialogue).await;
            case.check(&outcomes, pipelined);
            if abandoned {
                let lost = connection.expect_err("the connection was closed");
                assert!(matches!(lost.fault(), Fault::Abandoned), "{case:?}: {lost}");
                assert!(peer.is_closed(), "{case:?}");
            } else {
                connection.expect("a session").send(Noop).await.expect("between transactions");
            }
            peer.finish();
            assert_eq!(written(&peer), said(&dialogue), "{case:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 90);
}

/// The five replies of a transaction end with 421, or with nothing, at each index.
#[tokio::test(start_paused = true)]
async fn a_session_that_ends_at_each_reply() {
    let commands = [GROUP[0], GROUP[1], GROUP[2], GROUP[3], CONTENT];
    let replies = ["S: 250 m\n", "S: 250 a\n", "S: 550 b\n", "S: 354 d\n"];
    for index in 0..=4 {
        for end in ["S: 421 closing\n-- close --", "-- close --", "-- reset --"] {
            for offers in MODES {
                let pipelined = !offers.is_empty();
                let mut dialogue = String::new();
                if pipelined {
                    dialogue += &GROUP.concat();
                    dialogue += &replies[..index.min(4)].concat();
                    dialogue += if index == 4 { CONTENT } else { "" };
                } else {
                    for step in 0..index {
                        dialogue += commands[step];
                        dialogue += replies[step];
                    }
                    dialogue += commands[index];
                }
                dialogue += end;
                let (connection, outcomes, peer) = transact(offers, &dialogue).await;
                let lost = connection.expect_err("the session has ended");
                let said_so = end.starts_with("S:");
                assert_eq!(lost.reply().is_some(), said_so, "{lost}");
                peer.finish();
                assert_eq!(written(&peer), said(&dialogue), "{index} {end}");
                check_end(index, said_so, pipelined, &outcomes);
            }
        }
    }
}

fn check_end(index: usize, said_so: bool, pipelined: bool, outcomes: &Transaction) {
    let (mail, rcpts, message) = outcomes;
    let commands = [mail, &rcpts[0], &rcpts[1], &message.opening];
    for (at, outcome) in commands.into_iter().enumerate() {
        let right = match (at, outcome) {
            (2, outcome) if at < index => code(outcome) == Some(550),
            (_, outcome) if at < index => outcome.is_accepted(),
            (_, outcome) if at == index && said_so => code(outcome) == Some(421),
            (_, outcome) if at == index => *outcome == Outcome::Unknown,
            (_, outcome) if pipelined => *outcome == Outcome::Unknown,
            (_, outcome) => *outcome == Outcome::NotSent(NotSent::Lost),
        };
        assert!(right, "{index} {said_so} {pipelined}, command {at}: {outcome}");
    }
    let right = match &message.end {
        Outcome::Refused(_) => index == 4 && said_so && code(&message.end) == Some(421),
        Outcome::Unknown => index == 4 && !said_so,
        Outcome::NotSent(why) => index < 4 && *why == NotSent::Lost,
        _ => false,
    };
    assert!(right, "{index} {said_so} {pipelined}: {}", message.end);
}
