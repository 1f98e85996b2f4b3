//! The end of a message, and its replies: one, or one for each recipient.

use super::{Arrived, Effect, Reading, Server};

impl Server {
    pub(super) fn end_chunk(&mut self, last: bool) {
        self.reading = Reading::Commands;
        if let Some(code) = self.early.take() {
            if last && self.lmtp {
                // The first recipient has its reply already.
                let rcpts = self.rcpts.clone();
                if let [first, ..] = &rcpts[..] {
                    self.apply(Effect::EndFor(first.clone()), code);
                }
                return self.end_for_each(rcpts.into_iter().skip(1), code);
            }
            return self.apply(if last { Effect::End } else { Effect::Chunk }, code);
        }
        let fine = self.has_sender() && !self.rcpts.is_empty() && !self.failed;
        let code = if fine { 250 } else { 503 };
        if last {
            self.end_of_message(code);
        } else {
            self.answer("BDAT", code, Effect::Chunk);
        }
    }

    /// Answers a message, once or for each of its recipients.
    pub(super) fn end_of_message(&mut self, code: u16) {
        let rcpts = self.rcpts.clone();
        if self.lmtp {
            if rcpts.is_empty() {
                self.complain("content for no recipient", b"");
            }
            self.end_for_each(rcpts, code);
            return;
        }
        if !self.prdr || code >= 400 {
            return self.answer("END", code, Effect::End);
        }
        self.answer("END", 353, Effect::Announce);
        if self.taken_for.is_none() || self.deaf {
            return;
        }
        for rcpt in rcpts {
            self.answer("END", 250, Effect::Own(rcpt));
        }
        let any = self.taken_for.as_ref().is_some_and(|taken| !taken.is_empty());
        if !self.deaf {
            self.answer("END", if any { 250 } else { 550 }, Effect::End);
        }
    }

    fn end_for_each(&mut self, rcpts: impl IntoIterator<Item = String>, code: u16) {
        let before = self.arrived.len();
        for rcpt in rcpts {
            self.answer("END", code, Effect::EndFor(rcpt));
        }
        let taken = self.arrived[before..].iter().any(|arrived| arrived.taken);
        if taken || !self.nature.keeps() {
            self.end_transaction();
        }
        self.content.clear();
        self.ended_in = self.batch;
    }

    pub(super) fn end_message(&mut self, code: u16) {
        let arrived = Arrived {
            message: self.sender.or(self.last).unwrap_or_default(),
            rcpts: self.taken_for.take().unwrap_or_else(|| self.rcpts.clone()),
            content: std::mem::take(&mut self.content),
            taken: code < 400,
        };
        self.arrived.push(arrived);
        if code < 400 || !self.nature.keeps() {
            self.end_transaction();
        }
    }

    pub(super) fn end_transaction(&mut self) {
        (self.sender, self.failed) = (None, false);
        self.rcpts.clear();
        self.content.clear();
    }
}
