//! Final replies for each recipient: LMTP (RFC 2033 §4.2), and PRDR after 353.

use super::super::case::Recipient;
use super::super::plan::{Answer, Cut, Moment, Protocol};
use super::Server;

impl Server {
    /// Whether the message that has arrived is answered for each recipient.
    pub(super) fn must_answer_each(&mut self) -> bool {
        let asked = self.transaction.as_ref().is_some_and(|transaction| transaction.prdr);
        match self.plan.protocol {
            Protocol::Smtp => false,
            Protocol::Lmtp => self.has_recipients(),
            Protocol::Prdr if !asked || self.ended || !self.has_recipients() => false,
            Protocol::Prdr => {
                let number = self.counts.announced;
                self.counts.announced += 1;
                self.is_quiet() || self.plan.announces.get(number).copied().unwrap_or(true)
            }
        }
    }

    /// Answers a message for each recipient. With PRDR `overall` is the reply that follows, and
    /// that decides.
    pub(super) async fn answer_each(&mut self, content: Vec<u8>, overall: Answer, too_large: bool) {
        let prdr = self.plan.protocol == Protocol::Prdr;
        if prdr {
            let announced = self.reply(353, "for each of them").await;
            self.group(|group| group.announced = Some(announced));
        }
        let recipients =
            self.transaction.as_ref().map(|transaction| transaction.recipients.clone());
        let recipients = recipients.unwrap_or_default();
        let first = self.counts.own;
        let mut answers: Vec<Answer> = (first..first + recipients.len())
            .map(|number| match self.next(&self.plan.own, number) {
                _ if too_large => Answer::No(552, true),
                answer => answer,
            })
            .collect();
        let dismissed = match self.upcoming_cut() {
            Some(Cut { at: Moment::Own(at), goodbye: Some(_), .. }) => at.checked_sub(first),
            _ => None,
        };
        let kept: Vec<_> = (recipients.iter().enumerate())
            .filter(|&(index, _)| answers[index] == Answer::Yes && dismissed != Some(index))
            .map(|(_, recipient)| *recipient)
            .collect();
        // A server of LMTP may deliver to all of them before its first reply.
        if !prdr && !self.ended {
            self.end_each(kept.clone(), content.clone());
        }
        self.sabotage.of_answers(&mut answers);
        for (recipient, answer) in recipients.into_iter().zip(answers) {
            self.maybe_cut(Moment::Own(self.counts.own)).await;
            self.counts.own += 1;
            let answered = if self.ended {
                self.last_words()
            } else {
                self.answer(answer, "2.1.5 taken for it").await
            };
            self.group(|group| group.own.push((recipient, answered)));
        }
        if prdr {
            if !self.ended {
                let kept = if overall == Answer::Yes && !too_large { kept } else { Vec::new() };
                self.end_each(kept, content);
            }
            let overall = if too_large { Answer::No(552, true) } else { overall };
            let answered = self.answer(overall, "2.0.0 taken").await;
            self.group(|group| group.chunk_answered(answered, true));
        }
    }

    /// Ends the transaction of a message that these recipients get.
    fn end_each(&mut self, kept: Vec<Recipient>, content: Vec<u8>) {
        if kept.is_empty() {
            self.drop_transaction();
        } else {
            let accepted = self.transaction.take().map(|transaction| transaction.recipients);
            self.deliver_to(kept, accepted.unwrap_or_default(), content);
        }
    }
}
