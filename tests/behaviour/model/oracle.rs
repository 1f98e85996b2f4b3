//! The oracle: the rules that must hold after each session, with any server.

use std::fmt::Write as _;

use super::case::{Case, Kind, Message, Mode, Policy, Recipient, Way};
use super::client::Played;
use super::log::{Delivery, Group};
use super::plan::Protocol;
use super::truth::{Finder, is_unsendable};
use super::verdict::{Report, Session, Verdict};
use super::wire::End;

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Violation {
    /// Which one, in words that are the same for each violation of its kind.
    pub(super) rule: String,
    /// Where.
    pub(super) detail: String,
}

/// Finds every promise that was not kept.
pub(super) fn judge(case: &Case, played: &Played) -> Vec<Violation> {
    let mut judge = Judge { case, played, violations: Vec::new() };
    judge.ends();
    judge.discipline();
    judge.limits();
    judge.deliveries();
    for index in 0..case.messages.len() {
        judge.message(index);
    }
    judge.session();
    judge.usable();
    judge.violations
}

struct Judge<'p> {
    case: &'p Case,
    played: &'p Played,
    violations: Vec<Violation>,
}

impl Judge<'_> {
    fn broken(&mut self, rule: impl Into<String>, detail: impl Into<String>) {
        self.violations.push(Violation { rule: rule.into(), detail: detail.into() });
    }

    /// The calls end, and none waits for a time-out while the server is at work.
    fn ends(&mut self) {
        const SPARE: u64 = 10_000;
        const TIMEOUTS: u64 = 45 * 60_000;
        let log = &self.played.log;
        let Some(took) = self.played.took else {
            return self.broken("the calls end", "they did not");
        };
        let silent = log.cut && self.case.plan.cut.is_some_and(|cut| cut.how == End::Silence);
        let pauses = self.case.messages.iter().enumerate().map(|(index, message)| match message {
            Message { kind: Kind::Stream(bytes, pause), .. } => {
                (message.text(index).len() / bytes + 2) as u64 * u64::from(*pause)
            }
            _ => 0,
        });
        let most = log.slept + pauses.sum::<u64>() + if silent { TIMEOUTS } else { SPARE };
        if took > most {
            self.broken("nothing waits for a time-out", format!("{took} ms, {most} ms are right"));
        }
    }

    /// The client keeps the rules of the protocol.
    fn discipline(&mut self) {
        let log = &self.played.log;
        for fault in &log.faults {
            let kind: String = fault.chars().filter(|c| !c.is_ascii_digit()).collect();
            self.broken(format!("the client keeps the rules: {kind}"), fault.clone());
        }
        if log.written_after_end > 0 {
            let detail = format!("{} bytes", log.written_after_end);
            self.broken("nothing is written after the end", detail);
        }
        let eager = matches!(self.case.mode.way(), Some(Way::Eager(..)));
        let gives_up = self.played.said.session == Session::Lost && !self.may_give_up();
        if log.cut && log.unread > 0 && gives_up {
            let goodbye = log.goodbye.and_then(|goodbye| log.code_read(goodbye));
            if goodbye.is_none() {
                let detail = format!("{} bytes are left", log.unread);
                self.broken("what has arrived is read before the connection is given up", detail);
            }
        }
        for group in &log.groups {
            let message = group.message.and_then(|index| self.case.messages.get(index));
            let waits = message
                .is_some_and(|message| message.is_all_or_nothing() || message.kind == Kind::Each);
            if group.unaddressed > 0 && (!eager || waits) {
                let detail = format!("{} bytes of m{:?}", group.unaddressed, group.message);
                self.broken("no content leaves without an accepted recipient", detail);
            }
        }
    }

    /// No more messages are under way than the transfer allows, no more recipients and messages
    /// than the server.
    fn limits(&mut self) {
        let log = &self.played.log;
        let plan = &self.case.plan;
        let window = match self.case.mode.way() {
            Some(Way::Eager(_, most, _)) => most,
            _ => 1,
        };
        for (index, group) in log.groups.iter().enumerate() {
            let unanswered = |group_before: &&Group| {
                group_before.whole
                    && !group_before.last_reply().is_some_and(|reply| reply.is_read_at(group.read))
            };
            let under_way = log.groups[..index].iter().filter(unanswered).count();
            // The commands of the next message go with the content of the last one.
            if under_way >= window.max(2) {
                let detail = format!("{under_way} messages before m{:?}", group.message);
                self.broken("the window is kept", detail);
            }
            let proved = log.groups[..index].iter().any(|group_before| {
                let reply = group_before.last_reply();
                reply.is_some_and(|reply| reply.code < 400 && reply.is_read_at(group.read))
            });
            if under_way > 1 && !proved {
                let detail = format!("m{:?} is under way", group.message);
                self.broken("the window opens when a message has been taken", detail);
            }
            let message = group.message.and_then(|index| self.case.messages.get(index));
            // One that must not be split and has more recipients is not sent.
            let splits = self.case.mode.splits()
                && message
                    .is_some_and(|message| message.may_split() || message.policy == Policy::Whole);
            if let Some(most) = plan.rcpt_max().filter(|_| plan.offers.rcpt_max && splits)
                && group.named.len() > most
            {
                let detail = format!("{} recipients of m{:?}", group.named.len(), group.message);
                self.broken("RCPTMAX is kept", detail);
            }
        }
        let mails = log.groups.len();
        if self.case.mode.splits() && plan.offers.mail_max.is_some_and(|most| mails > most) {
            self.broken("MAILMAX is kept", format!("{mails} messages"));
        }
    }

    /// Each message arrives as it is, for its own recipients, once.
    fn deliveries(&mut self) {
        let deliveries = &self.played.log.deliveries;
        for delivery in deliveries {
            self.delivery(delivery);
        }
        let mut all: Vec<Recipient> =
            deliveries.iter().flat_map(|delivery| delivery.recipients.clone()).collect();
        all.sort();
        for pair in all.windows(2) {
            if pair[0] == pair[1] {
                self.broken("no recipient gets a message twice", pair[0].to_string());
            }
        }
    }

    fn delivery(&mut self, delivery: &Delivery) {
        let id = delivery.content.strip_prefix(b"Id: m").and_then(|rest| {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            std::str::from_utf8(&rest[..digits]).ok()?.parse::<usize>().ok()
        });
        let Some(id) = id else {
            let content = delivery.content.escape_ascii().to_string();
            return self.broken("no message is delivered without its beginning", content);
        };
        let probe = Message::to(1);
        let message = self.case.messages.get(id).unwrap_or(&probe);
        let accepted: Vec<_> = delivery.accepted.iter().map(ToString::to_string).collect();
        let expected = message.content_for(id, &accepted);
        if delivery.content != expected {
            let [got, right] = [&delivery.content, &expected]
                .map(|content| content[..content.len().min(300)].escape_ascii().to_string());
            self.broken("content arrives as it is", format!("m{id}: {got}, not {right}"));
        }
        for recipient in &delivery.recipients {
            if recipient.message != id {
                let detail = format!("{recipient} got m{id}");
                self.broken("a message reaches its own recipients alone", detail);
            }
        }
    }

    /// Each verdict on a message is true, and is given once.
    fn message(&mut self, index: usize) {
        let taken = index < self.played.said.taken;
        let reports = &self.played.said.reports[index];
        if reports.len() != usize::from(taken) {
            let detail = format!("m{index}, taken: {taken}, reports: {}", reports.len());
            self.broken("each message that was taken is reported once", detail);
        }
        let message = &self.case.messages[index];
        let recipients = (0..message.recipients).map(|number| Recipient { message: index, number });
        let delivered = |recipient: &Recipient| {
            let deliveries = self.played.log.deliveries.iter();
            deliveries.flat_map(|delivery| &delivery.recipients).any(|got| got == recipient)
        };
        let got: Vec<bool> = recipients.clone().map(|recipient| delivered(&recipient)).collect();
        let count = got.iter().filter(|&&got| got).count();
        let copies = self.played.log.deliveries.iter().filter(|delivery| {
            delivery.recipients.iter().any(|recipient| recipient.message == index)
        });
        let copies = copies.count();
        if message.policy == Policy::Whole && copies > 1 {
            self.broken("a whole message is never split", format!("m{index}: {copies} copies"));
        }
        // In LMTP the server decides for each recipient after it has the message.
        if message.is_all_or_nothing()
            && self.case.plan.protocol != Protocol::Lmtp
            && self.case.mode.splits()
            && ![0, message.recipients].contains(&count)
        {
            let detail = format!("m{index}: {count} of {}", message.recipients);
            self.broken("all or nothing is all or nothing", detail);
        }
        let Some(report) = reports.first() else { return };
        if report.verdicts.len() != message.recipients {
            let detail = format!("m{index}: {} of {}", report.verdicts.len(), message.recipients);
            self.broken("a report names every recipient", detail);
        }
        let finder = Finder::new(self.case, self.played, index);
        for ((recipient, got), verdict) in recipients.zip(got).zip(&report.verdicts) {
            self.verdict(&finder, recipient, got, *verdict);
        }
        self.transience(index, report);
    }

    fn verdict(&mut self, finder: &Finder<'_>, recipient: Recipient, got: bool, verdict: Verdict) {
        let truth = finder.truth(recipient);
        let true_to_replies = truth.allowed.contains(&verdict);
        let delivered = match (verdict, got) {
            (Verdict::Delivered, false) => Some("it was not delivered"),
            (Verdict::Refused { .. } | Verdict::NotSent, true) => Some("it was delivered"),
            _ => None,
        };
        if true_to_replies && delivered.is_none() {
            return;
        }
        let fact = delivered.map(|fact| format!(", {fact}")).unwrap_or_default();
        let rule = format!("{}{fact}: the client says {}", truth.why, named(verdict));
        let mut allowed: Vec<_> = truth.allowed.iter().map(|verdict| named(*verdict)).collect();
        allowed.sort_unstable();
        allowed.dedup();
        let right =
            if allowed.is_empty() { "nothing of it".to_owned() } else { allowed.join(" or ") };
        self.broken(rule, format!("{recipient}, right: {right}"));
    }

    /// A message may be tried again as long as one of its recipients may.
    fn transience(&mut self, index: usize, report: &Report) {
        let message = &self.case.messages[index];
        let Some(again) = report.again.filter(|_| !is_unsendable(self.case, message)) else {
            return;
        };
        let settled = |verdict: &Verdict| matches!(verdict, Verdict::Delivered | Verdict::Unknown);
        let open = |verdict: &Verdict| {
            matches!(verdict, Verdict::NotSent | Verdict::Refused { transient: true })
        };
        let right = report.verdicts.iter().any(open);
        if !report.verdicts.iter().any(settled) && again != right {
            let rule = "a message is transient as long as a recipient is";
            self.broken(rule, format!("m{index}: {:?}, transient: {again}", report.verdicts));
        }
    }

    /// A group of the caller's leaves as it is: where the server refuses its RSET as too early, the
    /// client cannot begin again.
    fn may_give_up(&self) -> bool {
        !self.case.mode.splits() && self.case.plan.suspicious
    }

    /// A connection that nothing happened to is not given up, nor are messages.
    fn session(&mut self) {
        let case = self.case;
        let breaks = case
            .messages
            .iter()
            .any(|message| !message.is_in_memory() && is_unsendable(case, message));
        // After DATA, only the end of the connection keeps a broken message from being delivered.
        let data = case.mode.uses_data(case.plan.offers.chunking);
        if self.played.log.cut || self.may_give_up() || self.has_unwanted_354() || (breaks && data)
        {
            return;
        }
        if self.played.said.session == Session::Lost {
            let rule = if breaks {
                "chunks are counted: a message that breaks leaves the connection"
            } else {
                "a connection is lost for a reason"
            };
            return self.broken(rule, "the server has not ended it");
        }
        let all = match case.mode {
            Mode::PipelinePairs => case.messages.len() / 2 * 2,
            _ => case.messages.len(),
        };
        if self.played.said.taken < all && case.plan.offers.mail_max.is_none() {
            let detail = format!("{} of {all}", self.played.said.taken);
            self.broken("every message is taken", detail);
        }
    }

    /// Whether a server has asked for content that the client may not send: a server that prevents
    /// smuggling, for a transaction that the client gave up, and would deliver the bytes that follow;
    /// a server of LMTP without a recipient, who would get a reply (RFC 2033 §4.2).
    fn has_unwanted_354(&self) -> bool {
        let log = &self.played.log;
        let lmtp = self.case.plan.protocol == Protocol::Lmtp;
        log.groups.iter().any(|group| {
            let opened = group.opening.and_then(|opening| log.code_read(opening)) == Some(354);
            let accepted = group.named.iter().any(|named| log.code_read(named.answer) == Some(250));
            opened && !group.whole && (group.suspected || (lmtp && !accepted))
        })
    }

    /// Each verdict on the connection is true.
    fn usable(&mut self) {
        let Some(after) = &self.played.after else { return };
        match self.played.said.session {
            Session::Lost => {
                if after.noop.is_some() {
                    self.broken("a connection that is lost stays lost", "NOOP worked");
                }
                if after.wrote > 0 {
                    let detail = format!("{} bytes left for NOOP", after.wrote);
                    self.broken("a connection that is lost stays lost", detail);
                }
            }
            Session::Intact if !self.played.log.cut => {
                let noop = after.noop.as_deref().unwrap_or("nothing");
                if !noop.contains("2.0.0 noop") {
                    return self.broken("an intact connection takes NOOP", noop.to_owned());
                }
                let probe = Recipient { message: self.case.messages.len(), number: 0 };
                let delivered = self.played.log.deliveries.iter();
                let got = delivered.filter(|delivery| delivery.recipients.contains(&probe)).count();
                let verdicts = after.probe.as_ref().map(|report| report.verdicts.clone());
                let taken = got == 1 && verdicts == Some(vec![Verdict::Delivered]);
                if !taken && self.case.plan.offers.mail_max.is_none() {
                    let detail = format!("delivered {got} times, {verdicts:?}");
                    self.broken("an intact connection takes a message", detail);
                }
            }
            Session::Intact | Session::Unsaid => {}
        }
    }
}

fn named(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Refused { transient: true } => "refused for now",
        Verdict::Refused { transient: false } => "refused for good",
        Verdict::Unknown => "unknown",
        Verdict::NotSent => "not sent",
    }
}

/// The session as it can be read aloud: both sides' lines, what the client said, what is wrong.
pub(super) fn told(case: &Case, played: &Played, violations: &[Violation]) -> String {
    let mut text = played.log.dialogue();
    let said = &played.said;
    for (index, reports) in said.reports.iter().enumerate() {
        for report in reports {
            let verdicts: Vec<_> = report.verdicts.iter().map(|verdict| named(*verdict)).collect();
            let _ = writeln!(text, "client: m{index} is {}", verdicts.join(", "));
        }
    }
    let _ = writeln!(text, "client: the connection is {:?}", said.session);
    for Violation { rule, detail } in violations {
        let _ = writeln!(text, "BROKEN: {rule} ({detail})");
    }
    text + &case.to_string()
}
