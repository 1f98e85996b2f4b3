//! The commands before the content, and those that end or pass the time.

use super::super::case::{Recipient, sent_by};
use super::super::log::{Answered, Group, Named};
use super::super::plan::{Answer, Moment, Protocol};
use super::super::sabotage::Sabotage;
use super::super::wire::End;
use super::{Command, Server, Transaction};

/// The reply to a command that came too early for a suspicious server.
pub(super) const TOO_EARLY: &str = "5.5.1 too early";

impl Server {
    /// Does what a command says, and replies to it.
    pub(super) async fn obey(&mut self, command: &Command) {
        let line = String::from_utf8_lossy(&command.line).into_owned();
        let line = line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        let hello = match self.plan.protocol {
            Protocol::Smtp | Protocol::Prdr => "EHLO",
            Protocol::Lmtp => "LHLO",
        };
        if verb == hello {
            return self.hello().await;
        }
        if !self.plan.offers.pipelining || self.sabotage == Sabotage::ForgetsPipelining {
            self.must_have_waited(command.offset, &verb);
        }
        let number = self.counts.commands;
        self.counts.commands += 1;
        self.maybe_cut(Moment::Command(number)).await;
        let suspect = command.offset < self.suspect_before;
        match (verb.as_str(), rest) {
            ("MAIL", rest) => {
                let read = self.wire.read_before(command.offset);
                self.log.groups.push(Group::new(None, read));
                self.mail(rest, suspect).await;
            }
            ("RCPT", rest) => self.rcpt(rest, suspect).await,
            ("DATA", "") => self.data(suspect).await,
            ("BDAT", rest) => self.bdat(rest, suspect).await,
            ("RSET", "") => self.rset(suspect).await,
            ("NOOP" | "HELP", "") if suspect => drop(self.reply(503, TOO_EARLY).await),
            ("NOOP", "") => drop(self.reply(250, &format!("2.0.0 noop {number}")).await),
            ("HELP", "") => drop(self.reply(214, "2.0.0 help yourself").await),
            ("QUIT", "") => {
                self.reply(221, "2.0.0 bye").await;
                self.wire.end(End::Close);
                self.ended = true;
            }
            _ => {
                self.fault(format!("no client should say {line:?}"));
                self.reply(500, "5.5.2 what?").await;
            }
        }
    }

    /// A client must read every reply before it writes what begins at this byte.
    pub(super) fn must_have_waited(&mut self, offset: u64, what: &str) {
        if !self.ended && self.wire.read_before(offset) < self.said {
            self.fault(format!("{what} did not wait for the reply before it"));
        }
    }

    async fn hello(&mut self) {
        let offers = self.plan.offers;
        let mut keywords = vec!["mail.example.test".to_owned()];
        keywords.extend(offers.pipelining.then(|| "PIPELINING".to_owned()));
        keywords.extend(offers.chunking.then(|| "CHUNKING".to_owned()));
        keywords.extend((self.plan.protocol == Protocol::Prdr).then(|| "PRDR".to_owned()));
        keywords.extend(offers.eight_bit.then(|| "8BITMIME".to_owned()));
        keywords.extend(offers.size.map(|size| format!("SIZE {size}")));
        let rcpt_max = self.plan.rcpt_max().filter(|_| offers.rcpt_max);
        let limits = [
            offers.mail_max.map(|most| format!(" MAILMAX={most}")),
            rcpt_max.map(|most| format!(" RCPTMAX={most}")),
        ];
        let limits: String = limits.into_iter().flatten().collect();
        keywords.extend((!limits.is_empty()).then(|| format!("LIMITS{limits}")));
        let last = keywords.len() - 1;
        for (index, keyword) in keywords.iter().enumerate() {
            let separator = if index == last { ' ' } else { '-' };
            self.say(&format!("250{separator}{keyword}\r\n")).await;
        }
    }

    async fn mail(&mut self, rest: &str, suspect: bool) {
        let Some((sender, parameters)) = path(rest, "FROM:<") else {
            return self.fault(format!("MAIL {rest:?} has no path"));
        };
        let message = sent_by(sender);
        self.group(|group| group.message = message);
        self.in_group = true;
        let (size, prdr) = self.parameters(parameters);
        let answer = if self.ended {
            self.last_words()
        } else if suspect {
            self.group(|group| group.suspected = true);
            self.reply(503, TOO_EARLY).await
        } else if self.transaction.is_some() {
            if self.reset_suspected {
                self.group(|group| group.suspected = true);
            } else {
                self.fault("MAIL within a transaction".to_owned());
            }
            self.reply(503, "5.5.1 nested MAIL").await
        } else {
            let answer = self.begin_transaction(size, prdr).await;
            if self.transaction.is_none() && self.reset_suspected {
                // After a RSET that came too early no client can tell for what MAIL is refused.
                self.group(|group| group.suspected = true);
            }
            answer
        };
        self.group(|group| group.mail = answer);
        self.reset_suspected = false;
    }

    async fn begin_transaction(&mut self, size: Option<usize>, prdr: bool) -> Answered {
        let offers = self.plan.offers;
        if offers.size.is_some_and(|most| size.is_some_and(|size| size > most)) {
            return self.reply(552, "5.3.4 too large").await;
        }
        if offers.mail_max.is_some_and(|most| self.counts.mail >= most) {
            return self.reply(452, "4.7.0 too many messages").await;
        }
        let answer = self.next(&self.plan.mail, self.counts.mail);
        self.counts.mail += 1;
        let transaction = || Transaction { prdr, ..Transaction::default() };
        self.transaction = (answer == Answer::Yes).then(transaction);
        self.answer(answer, "2.1.0 sender").await
    }

    /// Checks the parameters of MAIL, and finds SIZE and PRDR.
    fn parameters(&mut self, parameters: &str) -> (Option<usize>, bool) {
        let (mut size, mut prdr) = (None, false);
        for parameter in parameters.split_whitespace() {
            match parameter.split_once('=') {
                Some(("SIZE", bytes)) if self.plan.offers.size.is_some() => {
                    size = bytes.parse().ok();
                }
                Some(("BODY", "7BIT" | "8BITMIME")) if self.plan.offers.eight_bit => {}
                None if parameter == "PRDR" && self.plan.protocol == Protocol::Prdr => prdr = true,
                _ => self.fault(format!("MAIL with {parameter}, which is not offered")),
            }
        }
        (size, prdr)
    }

    async fn rcpt(&mut self, rest: &str, suspect: bool) {
        let recipient = path(rest, "TO:<").and_then(|(path, _)| Recipient::parse(path));
        let Some(recipient) = recipient else {
            return self.fault(format!("RCPT {rest:?} is to no recipient of this test"));
        };
        if !self.in_group {
            self.fault(format!("RCPT to {recipient} without MAIL"));
        }
        let most = self.plan.most_recipients;
        let mut too_many = false;
        let answer = match &self.transaction {
            _ if self.ended => self.last_words(),
            _ if suspect => self.reply(503, TOO_EARLY).await,
            None => self.reply(503, "5.5.1 MAIL first").await,
            Some(transaction) if transaction.chunked => {
                self.reply(503, "5.5.1 BDAT has begun").await
            }
            Some(transaction) => match most {
                Some((most, answer)) if transaction.recipients.len() >= most => {
                    too_many = true;
                    self.reply(answer.code(), answer.text()).await
                }
                _ => self.name(recipient).await,
            },
        };
        self.group(|group| group.named.push(Named { recipient, answer, too_many }));
    }

    async fn name(&mut self, recipient: Recipient) -> Answered {
        let answer = self.next(&self.plan.rcpt, self.counts.rcpt);
        self.counts.rcpt += 1;
        if answer == Answer::Yes
            && let Some(transaction) = &mut self.transaction
        {
            transaction.recipients.push(recipient);
        }
        self.answer(answer, "2.1.5 recipient").await
    }

    async fn rset(&mut self, suspect: bool) {
        self.in_group = false;
        if suspect {
            self.reset_suspected = true;
            self.reply(503, TOO_EARLY).await;
        } else {
            self.reset_suspected = false;
            self.transaction = None;
            self.reply(250, "2.0.0 reset").await;
        }
    }
}

/// The path in `FROM:<path> parameters`.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    rest.strip_prefix(keyword)?.split_once('>')
}
