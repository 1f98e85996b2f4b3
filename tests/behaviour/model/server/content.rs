//! Content: with DATA up to its final dot, with BDAT in counted chunks; and its delivery.

use super::super::case::Recipient;
use super::super::log::Delivery;
use super::super::plan::{Answer, Cut, Moment, NoRecipients, Protocol};
use super::super::sabotage::Sabotage;
use super::commands::TOO_EARLY;
use super::{Server, Transaction};

impl Server {
    pub(super) async fn data(&mut self, suspect: bool) {
        let chunked = self.transaction.as_ref().is_some_and(|transaction| transaction.chunked);
        let opening = if self.ended {
            self.last_words()
        } else if suspect {
            self.reply(503, TOO_EARLY).await
        } else if chunked {
            self.reply(503, "5.5.1 BDAT has begun").await
        } else if self.has_recipients() {
            let answer = self.next(&self.plan.data, self.counts.data);
            self.counts.data += 1;
            match answer {
                Answer::Yes => self.reply(354, "go ahead").await,
                no @ Answer::No(..) => self.answer(no, "").await,
            }
        } else {
            match self.plan.no_recipients {
                NoRecipients::Says503 => self.reply(503, "5.5.1 no recipients").await,
                NoRecipients::Says554 => self.reply(554, "5.5.1 no valid recipients").await,
                NoRecipients::Says354 | NoRecipients::Says250 => self.reply(354, "go ahead").await,
            }
        };
        self.group(|group| group.opening = Some(opening));
        // Also when that was the last reply: a client that has read it sends content.
        if opening.is(354) {
            self.content().await;
        }
    }

    /// Reads content up to the final dot, and removes the dots that were doubled (RFC 5321 §4.5.2).
    async fn content(&mut self) {
        let begin = self.offset;
        let mut raw = Vec::new();
        while raw != b".\r\n" && !raw.ends_with(b"\r\n.\r\n") {
            let Some(byte) = self.content_byte(&raw, false).await else {
                // The client has gone.
                return self.take_down(&raw);
            };
            raw.push(byte);
            if raw.len() == 1 {
                self.must_have_waited(begin, "content");
            }
            if let Some(end) = self.goodbye.take() {
                self.group(|group| group.end = Some(end));
            }
        }
        self.take_down(&raw);
        if self.plan.protocol == Protocol::Lmtp && !self.ended && !self.has_recipients() {
            self.fault("content in LMTP without a recipient: its replies are none".to_owned());
        }
        let mut content = Vec::new();
        for line in raw[..raw.len() - 3].split_inclusive(|&byte| byte == b'\n') {
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        let answer = self.next(&self.plan.end, self.counts.end);
        self.counts.end += 1;
        self.message(content, answer).await;
        if self.plan.suspicious {
            self.suspect_before = self.written_before_reply;
        }
    }

    /// The next byte of content. The connection may be cut there: with 421 and no other last words
    /// where the content was answered before.
    async fn content_byte(&mut self, before: &[u8], answered: bool) -> Option<u8> {
        let byte = self.byte().await?;
        if answered && let Some(Cut { goodbye: Some(code), .. }) = &mut self.plan.cut {
            *code = 421;
        }
        let moment = Moment::Content(self.counts.content);
        if self.upcoming_cut().is_some_and(|cut| cut.at == moment) {
            self.take_down(before);
            self.taken_down = before.len();
        }
        self.maybe_cut(moment).await;
        self.counts.content += 1;
        Some(byte)
    }

    /// Takes down what there is of content, but for what was before the connection was cut.
    fn take_down(&mut self, content: &[u8]) {
        let before = std::mem::take(&mut self.taken_down);
        self.log.content(&content[before..], self.ended);
    }

    pub(super) async fn bdat(&mut self, rest: &str, suspect: bool) {
        let (length, last) = match rest.split_once(' ') {
            Some((length, "LAST")) => (length, true),
            _ => (rest, false),
        };
        let Ok(length) = length.parse::<usize>() else {
            return self.fault(format!("BDAT {rest:?} has no length"));
        };
        if !self.plan.offers.chunking {
            self.fault("BDAT, which is not offered".to_owned());
        }
        let refusal = self.refuses_chunk(suspect, last);
        let mut answered = false;
        if let Some((code, text)) = refusal
            && self.plan.refuses_chunks_early
            && !self.ended
        {
            let answer = self.reply(code, text).await;
            self.group(|group| group.chunk_answered(answer, last));
            answered = true;
        }
        let mut chunk = Vec::new();
        while chunk.len() < length {
            let Some(byte) = self.content_byte(&chunk, answered).await else {
                return self.take_down(&chunk);
            };
            chunk.push(byte);
            if let Some(answer) = self.goodbye.take().filter(|_| !answered) {
                self.group(|group| group.chunk_answered(answer, last));
                answered = true;
            }
        }
        self.take_down(&chunk);
        let unaddressed = if self.has_recipients() { 0 } else { chunk.len() };
        self.group(|group| group.unaddressed += unaddressed);
        if last {
            self.group(|group| group.whole = true);
        }
        if answered {
            return;
        }
        let answer = match refusal {
            _ if self.ended => self.last_words(),
            Some((code, text)) => self.reply(code, text).await,
            None => return self.take_chunk(chunk, last).await,
        };
        self.group(|group| group.chunk_answered(answer, last));
    }

    /// The reason to refuse a chunk with any content.
    fn refuses_chunk(&mut self, suspect: bool, last: bool) -> Option<(u16, &'static str)> {
        let alone = !self.has_recipients();
        let refusal = match (&self.transaction, self.plan.no_recipients) {
            _ if suspect => Some((503, TOO_EARLY)),
            (None, _) => Some((503, "5.5.1 MAIL first")),
            (Some(transaction), _) if transaction.broken => {
                Some((503, "5.5.1 a chunk before it was refused"))
            }
            (_, NoRecipients::Says503) if alone => Some((503, "5.5.1 no recipients")),
            (_, NoRecipients::Says554) if alone => Some((554, "5.5.1 no valid recipients")),
            // The whole message is refused when it has arrived, or before it has.
            _ if last && !self.plan.refuses_chunks_early => None,
            // Then the last chunk has a reply for each recipient.
            _ if last && self.plan.protocol == Protocol::Lmtp => None,
            _ if last => match self.next(&self.plan.end, self.counts.end) {
                Answer::Yes => None,
                Answer::No(code, _) => {
                    self.counts.end += 1;
                    Some((code, "no"))
                }
            },
            _ => {
                let answer = self.next(&self.plan.chunk, self.counts.chunk);
                self.counts.chunk += 1;
                match answer {
                    Answer::Yes => None,
                    Answer::No(code, _) => Some((code, "no")),
                }
            }
        };
        if let (Some(_), Some(transaction)) = (refusal, &mut self.transaction) {
            transaction.chunked = true;
            transaction.broken = true;
        }
        refusal
    }

    async fn take_chunk(&mut self, mut chunk: Vec<u8>, last: bool) {
        let Some(transaction) = &mut self.transaction else { return };
        transaction.chunked = true;
        transaction.content.append(&mut chunk);
        if last {
            let content = std::mem::take(&mut transaction.content);
            let answer = self.next(&self.plan.end, self.counts.end);
            self.counts.end += 1;
            return self.message(content, answer).await;
        }
        let answer = self.reply(250, "2.0.0 chunk").await;
        self.group(|group| group.chunk_answered(answer, false));
    }

    /// Takes a message that has arrived whole, or refuses it.
    async fn message(&mut self, content: Vec<u8>, answer: Answer) {
        let unaddressed = if self.has_recipients() { 0 } else { content.len() };
        self.group(|group| {
            group.whole = true;
            group.unaddressed += unaddressed;
        });
        self.maybe_cut(Moment::Whole(self.counts.messages)).await;
        self.counts.messages += 1;
        let too_large = self.plan.offers.size.is_some_and(|most| content.len() > most);
        let end = if self.must_answer_each() {
            return self.answer_each(content, answer, too_large).await;
        } else if self.ended {
            self.last_words()
        } else if !self.has_recipients() {
            self.drop_transaction();
            match self.plan.no_recipients {
                NoRecipients::Says250 => self.reply(250, "2.0.0 thrown away").await,
                _ => self.reply(554, "5.5.1 no valid recipients").await,
            }
        } else if too_large {
            self.drop_transaction();
            self.reply(552, "5.3.4 too large").await
        } else if let Answer::No(..) = answer {
            if self.sabotage.delivers_refused() {
                self.deliver(content);
            }
            self.drop_transaction();
            self.answer(answer, "").await
        } else {
            self.deliver(content);
            self.reply(250, "2.0.0 taken").await
        };
        // Last words in the middle of the content have answered it already.
        self.group(|group| group.chunk_answered(end, true));
    }

    /// Ends the transaction of a message that was refused, or keeps its envelope.
    pub(super) fn drop_transaction(&mut self) {
        let kept = self.transaction.take().filter(|_| self.plan.keeps_transaction);
        self.transaction = kept.map(|kept| Transaction {
            content: Vec::new(),
            chunked: false,
            broken: false,
            ..kept
        });
    }

    fn deliver(&mut self, content: Vec<u8>) {
        let recipients = self.transaction.take().map(|transaction| transaction.recipients);
        let recipients = recipients.unwrap_or_default();
        self.deliver_to(recipients.clone(), recipients, content);
    }

    pub(super) fn deliver_to(
        &mut self,
        recipients: Vec<Recipient>,
        accepted: Vec<Recipient>,
        content: Vec<u8>,
    ) {
        if self.sabotage == Sabotage::KeepsTransactions {
            self.transaction = Some(Transaction::default());
        }
        let delivery = Delivery { recipients, accepted, content };
        self.log.deliveries.extend(self.sabotage.of_delivery(delivery));
    }

    pub(super) fn has_recipients(&self) -> bool {
        self.transaction.as_ref().is_some_and(|transaction| !transaction.recipients.is_empty())
    }
}
