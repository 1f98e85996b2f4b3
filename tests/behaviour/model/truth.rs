//! The true verdicts on a recipient, from the replies that the client has read.
//!
//! The first reply that decides counts, in the order MAIL, RCPT, DATA, chunks, message (for the
//! recipient, then for all), however the connection ended afterwards. Where none has been read, what
//! had left decides: a message that was written whole is unknown, any other one is not sent.

use super::case::{Case, Message, Mode, Policy, Recipient};
use super::client::Played;
use super::log::{Group, Named};
use super::plan::Protocol;
use super::verdict::{Session, Verdict};
use super::wire::End;

/// The verdicts that are true, and why.
#[derive(Debug)]
pub(super) struct Truth {
    pub(super) allowed: Vec<Verdict>,
    pub(super) why: &'static str,
}

const TRANSIENT: Verdict = Verdict::Refused { transient: true };
const PERMANENT: Verdict = Verdict::Refused { transient: false };

/// Finds the truth of one message.
#[derive(Debug)]
pub(super) struct Finder<'p> {
    case: &'p Case,
    played: &'p Played,
    message: &'p Message,
    /// The groups of the message, in order.
    groups: Vec<&'p Group>,
    /// The connection may be lost, so that not everything was sent.
    lost: bool,
}

impl<'p> Finder<'p> {
    pub(super) fn new(case: &'p Case, played: &'p Played, index: usize) -> Self {
        let groups = played.log.groups.iter().filter(|group| group.message == Some(index));
        Self {
            case,
            played,
            message: &case.messages[index],
            groups: groups.collect(),
            lost: played.log.cut || played.said.session != Session::Intact,
        }
    }

    /// The verdicts that are true of a recipient of a message that the client took.
    pub(super) fn truth(&self, recipient: Recipient) -> Truth {
        let mut truth = self.answered_truth(recipient);
        // That it cannot be sent was known before any reply.
        if self.is_unsendable() {
            truth.allowed.push(PERMANENT);
        }
        truth
    }

    fn answered_truth(&self, recipient: Recipient) -> Truth {
        let named = |group: &&Group| group.named.iter().any(|named| named.recipient == recipient);
        let Some(at) = self.groups.iter().rposition(named) else {
            return self.never_named();
        };
        let (group, later) = (self.groups[at], &self.groups[at + 1..]);
        let named = group.named.iter().rfind(|named| named.recipient == recipient);
        match named {
            Some(named) => self.named(group, named, later),
            None => self.never_named(),
        }
    }

    fn named(&self, group: &Group, named: &Named, later: &[&Group]) -> Truth {
        if group.suspected {
            let mut truth = self.suspected();
            // It began again and was refused before it was named.
            truth.allowed.extend(self.refusals_of(later));
            return truth;
        }
        let log = &self.played.log;
        if let Some(code) = log.code_read(group.mail).filter(|&code| code >= 400) {
            let mut truth = refused(code, "MAIL was refused");
            // It was one too many before, and that is still the last reply to it.
            if self.was_too_many(named.recipient) {
                truth.allowed.push(TRANSIENT);
            }
            return truth;
        }
        match log.code_read(named.answer) {
            Some(code) if code >= 400 && self.is_too_many(group, named, code) => {
                return self.too_many(group, named, code, later);
            }
            Some(code) if code >= 400 => return refused(code, "RCPT was refused"),
            _ => {}
        }
        if let Some(transient) = self.forbidden_by_policy(group) {
            let allowed = vec![Verdict::Refused { transient }, Verdict::NotSent];
            return Truth { allowed, why: "another recipient of all or nothing was refused" };
        }
        if let Some((code, why)) = self.content_refused(group) {
            return refused(code, why);
        }
        let mut truth = self.answered_message(group, named);
        // The last reply may have been that to a command of the next message, as far as the client
        // can tell of a server that says nothing more.
        if !group.own.is_empty() && self.lost && self.falls_silent_in_a_stream() {
            truth.allowed.push(Verdict::Unknown);
        }
        truth
    }

    fn falls_silent_in_a_stream(&self) -> bool {
        let silent = self.case.plan.cut.is_some_and(|cut| cut.how == End::Silence);
        silent
            && matches!(
                self.case.mode,
                Mode::DeliverAll(_) | Mode::DeliverStream(_) | Mode::Feed(_)
            )
    }

    /// The final replies decide.
    fn answered_message(&self, group: &Group, named: &Named) -> Truth {
        let log = &self.played.log;
        let accepted = |why| Truth { allowed: vec![Verdict::Delivered], why };
        let own = group.own_reply(named.recipient).and_then(|reply| log.code_read(reply));
        let end = group.end.and_then(|end| log.code_read(end));
        match (self.case.plan.protocol, own, end) {
            (Protocol::Lmtp | Protocol::Prdr, Some(code), _) if code >= 400 => {
                refused(code, "the message was refused for it")
            }
            (Protocol::Lmtp, Some(_), _) => accepted("the message was accepted for it"),
            // It came before the end of the message. Where the end has left by then, the client
            // takes it for the reply for the first recipient.
            (Protocol::Lmtp, None, Some(code)) => {
                let mut truth = refused(code, "the message was refused before its end");
                if group.whole {
                    truth.allowed.push(Verdict::Unknown);
                }
                truth
            }
            (_, _, Some(code)) if code >= 400 => refused(code, "the message was refused"),
            (Protocol::Smtp | Protocol::Prdr, _, Some(_)) => accepted("the message was accepted"),
            (Protocol::Lmtp, None, None) if group.whole && self.lost => Truth {
                allowed: vec![Verdict::Unknown],
                why: "it was written whole and no reply for it was read",
            },
            (_, _, None) => self.undecided(named.recipient, group),
        }
    }

    /// No reply that decides was read.
    fn undecided(&self, recipient: Recipient, group: &Group) -> Truth {
        let mut truth = match (self.lost, group.whole) {
            (true, true) => Truth {
                allowed: vec![Verdict::Unknown],
                why: "it was written whole and no reply was read that decides",
            },
            (true, false) => Truth {
                allowed: vec![Verdict::NotSent],
                why: "it was not written whole and no reply was read that decides",
            },
            (false, _) => Truth { allowed: Vec::new(), why: "no reply was read that decides" },
        };
        if self.is_unsendable() {
            truth.allowed.extend([Verdict::NotSent, TRANSIENT, PERMANENT]);
        }
        // It was one too many before, and that is still the last reply to it.
        if self.lost && !group.whole && self.was_too_many(recipient) {
            truth.allowed.push(TRANSIENT);
        }
        let goodbye = self.played.log.goodbye;
        if goodbye.is_some_and(|goodbye| self.played.log.code_read(goodbye).is_some()) {
            truth.allowed.extend([Verdict::NotSent, TRANSIENT]);
        }
        truth
    }

    /// A recipient that no RCPT has named.
    fn never_named(&self) -> Truth {
        let mut allowed = Vec::new();
        let log = &self.played.log;
        let offers = self.case.plan.offers;
        if self.lost || offers.mail_max.is_some_and(|most| log.groups.len() >= most) {
            allowed.push(Verdict::NotSent);
        }
        let bytes = self.message.content(0).len();
        if self.message.is_in_memory() && offers.size.is_some_and(|most| bytes > most) {
            allowed.push(PERMANENT);
        }
        if self.is_too_many_at_once() {
            allowed.push(PERMANENT);
        }
        if self.is_unsendable() {
            allowed.extend([Verdict::NotSent, TRANSIENT, PERMANENT]);
        }
        for group in &self.groups {
            if group.suspected {
                allowed.extend(self.suspected().allowed);
            }
            if let Some(transient) = self.forbidden_by_policy(group) {
                allowed.extend([Verdict::Refused { transient }, Verdict::NotSent]);
            }
        }
        let goodbye = log.goodbye;
        if goodbye.is_some_and(|goodbye| log.code_read(goodbye).is_some()) {
            // It may have come where the reply to MAIL was due.
            allowed.push(TRANSIENT);
        }
        allowed.extend(self.refusals_of(&self.groups));
        Truth { allowed, why: "no RCPT named it" }
    }

    /// A transaction that came too early for a server that prevents smuggling: it was not refused
    /// for what it is. A group of the caller's is answered as it was sent.
    fn suspected(&self) -> Truth {
        let mut allowed = Vec::new();
        let groups = self.played.log.groups.len();
        let at_limit = self.case.plan.offers.mail_max.is_some_and(|most| groups >= most);
        if self.lost || at_limit {
            allowed.extend([Verdict::NotSent, TRANSIENT]);
        }
        if !self.case.mode.splits() {
            allowed.extend([Verdict::NotSent, TRANSIENT, PERMANENT]);
        }
        Truth { allowed, why: "it came in the flight of a final dot, to a suspicious server" }
    }

    /// Whether a refused recipient looks like one too many (RFC 5321 §4.5.3.1.10).
    fn is_too_many(&self, group: &Group, named: &Named, code: u16) -> bool {
        let accepted = |named: &Named| self.played.log.code_read(named.answer) == Some(250);
        named.too_many || (matches!(code, 452 | 552) && group.named.iter().any(accepted))
    }

    fn was_too_many(&self, recipient: Recipient) -> bool {
        let too_many = |group: &Group, named: &Named| {
            let code = self.played.log.code_read(named.answer);
            named.recipient == recipient
                && code.is_some_and(|code| code >= 400 && self.is_too_many(group, named, code))
        };
        self.groups.iter().any(|group| group.named.iter().any(|named| too_many(group, named)))
    }

    /// A recipient too many may have been about to be asked again.
    fn too_many(&self, group: &Group, named: &Named, code: u16, later: &[&Group]) -> Truth {
        let is_taken =
            |named: &Named| self.answered_message(group, named).allowed == [Verdict::Delivered];
        let taken = group.named.iter().any(is_taken);
        let goes_on = self.case.mode.splits()
            && self.message.may_split()
            && self.case.plan.offers.mail_max.is_none();
        if named.too_many && taken && goes_on && !self.lost && later.is_empty() {
            return Truth { allowed: Vec::new(), why: "it was one too many and not asked again" };
        }
        // 552 is 452 of a server that follows RFC 821.
        let mut allowed = vec![Verdict::Refused { transient: code < 500 }, TRANSIENT];
        allowed.extend(self.refusals_of(later));
        allowed.extend(self.refusals_of(&[group]));
        if self.lost || later.iter().any(|group| group.suspected) {
            allowed.push(Verdict::NotSent);
        }
        Truth { allowed, why: "it was one too many" }
    }

    /// The refusals of whole transactions.
    fn refusals_of(&self, groups: &[&Group]) -> Vec<Verdict> {
        let refused = |answer| self.played.log.code_read(answer).filter(|&code| code >= 400);
        let refusal = |group: &&Group| {
            let mail = refused(group.mail);
            let end = group.end.and_then(refused);
            let code = mail.or_else(|| Some(self.content_refused(group)?.0)).or(end)?;
            Some(Verdict::Refused { transient: code < 500 })
        };
        groups.iter().filter_map(refusal).collect()
    }

    /// The refusal of DATA, or of the first chunk that was refused.
    fn content_refused(&self, group: &Group) -> Option<(u16, &'static str)> {
        let refused = |answer| self.played.log.code_read(answer).filter(|&code| code >= 400);
        if let Some(code) = group.opening.and_then(refused) {
            return Some((code, "DATA was refused"));
        }
        let code = group.chunks.iter().copied().find_map(refused)?;
        Some((code, "a chunk was refused"))
    }

    /// Whether all or nothing forbids the message, and then whether a recipient's refusal is
    /// transient.
    fn forbidden_by_policy(&self, group: &Group) -> Option<bool> {
        if !self.message.is_all_or_nothing() || !self.case.mode.splits() {
            return None;
        }
        let code = |named: &Named| self.played.log.code_read(named.answer);
        let mut codes = group.named.iter().filter_map(code).filter(|&code| code >= 400).peekable();
        codes.peek()?;
        Some(codes.any(|code| code < 500))
    }

    /// Whether the message must not be split, and the server has announced that it takes fewer
    /// recipients.
    fn is_too_many_at_once(&self) -> bool {
        let plan = &self.case.plan;
        let most = plan.rcpt_max().filter(|_| plan.offers.rcpt_max);
        self.case.mode.splits()
            && self.message.policy == Policy::Whole
            && most.is_some_and(|most| self.message.recipients > most)
    }

    /// Whether the client cannot send the message to any server.
    fn is_unsendable(&self) -> bool {
        is_unsendable(self.case, self.message)
    }
}

/// A recipient or a message that was refused with this code.
fn refused(code: u16, why: &'static str) -> Truth {
    let refused = Verdict::Refused { transient: code < 500 };
    if code == 421 {
        return Truth { allowed: vec![refused, Verdict::NotSent], why: "it was answered with 421" };
    }
    Truth { allowed: vec![refused], why }
}

/// Whether a message breaks on its way: its source fails, or it needs what the server lacks.
pub(super) fn is_unsendable(case: &Case, message: &Message) -> bool {
    let offers = case.plan.offers;
    message.fails()
        || (message.is_eight_bit() && !offers.eight_bit)
        || (matches!(case.mode, Mode::TypedBdat(_)) && !offers.chunking)
}
