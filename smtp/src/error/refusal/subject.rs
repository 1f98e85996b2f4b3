//! The subject of a refusal: the recipient, the message, or how many of them there are.
//!
//! A client that knows it sends the rest: a message is not changed for the sake of a recipient who
//! does not exist, and no recipient is dropped because a message is too large.

use smtp_grammar::EnhancedStatusCode;

use super::Refusal;

impl Refusal {
    /// Whether the server refused this recipient for a reason of the recipient's own: the mailbox does
    /// not exist, is full, disabled, or elsewhere. Another message to it would be refused as well.
    ///
    /// The enhanced code decides (X.1.z and X.2.z, RFC 3463 §3.2, §3.3); without one a reply to
    /// RCPT with 450, 550, 551 or 553 (RFC 5321 §4.3.2).
    pub fn is_about_recipient(&self) -> bool {
        let Some(reply) = self.reply() else { return false };
        match self.enhanced() {
            // X.1.7 and X.1.8 are of the sender, X.2.3 of the message.
            Some(code) => match code.subject() {
                1 => !matches!(code.detail(), 7 | 8),
                2 => code.detail() != 3,
                _ => false,
            },
            None => self.is_of_recipient() && matches!(reply.code().value(), 450 | 550 | 551 | 553),
        }
    }

    /// Whether the server refused the message for a reason of its own: its size, its content, or what
    /// it needs. To another recipient it would be refused as well.
    ///
    /// The enhanced code decides (X.2.3, X.3.4 and X.6.z, RFC 3463 §3); without one, 5yz after the
    /// message, or 552 to MAIL, which has declared its size (RFC 1870 §6.1).
    pub fn is_about_message(&self) -> bool {
        let Some(reply) = self.reply() else { return false };
        match self.enhanced() {
            Some(code) => {
                code.subject() == 6
                    || code.is(EnhancedStatusCode::MESSAGE_TOO_BIG)
                    || code.is(EnhancedStatusCode::MESSAGE_TOO_BIG_FOR_MAILBOX)
            }
            None if self.command() == Self::END_OF_DATA => reply.code().is_permanent(),
            None => self.command() == "MAIL" && reply.code().value() == 552,
        }
    }

    /// Whether this is one recipient more than the server takes for one message: 452 to RCPT, or 552
    /// of a server that follows RFC 821 (RFC 5321 §4.5.3.1.10). The recipient belongs into another
    /// transaction.
    pub fn is_too_many_recipients(&self) -> bool {
        // An enhanced code says it exactly: X.5.3 is "too many recipients" (RFC 3463 §3.6), and
        // 4.2.2, a full mailbox, has nothing to do with the number of recipients.
        let code = self.reply().map(|reply| reply.code().value());
        self.is_of_recipient() && matches!(code, Some(452 | 552)) && self.says_too_many(true)
    }

    /// Whether the server takes no more messages over this connection: 452 4.5.3 or 421 4.5.3 to
    /// MAIL, as `OpenSMTPD` says it after its hundredth. The message belongs on another connection.
    /// Without the enhanced code it is a lack of storage.
    pub fn is_too_many_messages(&self) -> bool {
        let code = self.reply().map(|reply| reply.code().value());
        self.command() == "MAIL" && matches!(code, Some(421 | 452)) && self.says_too_many(false)
    }

    fn says_too_many(&self, without_enhanced: bool) -> bool {
        self.enhanced()
            .map_or(without_enhanced, |code| code.is(EnhancedStatusCode::TOO_MANY_RECIPIENTS))
    }
}

#[cfg(test)]
mod tests {
    use smtp_grammar::{Reply, ReplyCode};

    use super::*;

    #[test]
    fn the_subject_of_a_refusal() {
        const DATA: &str = Refusal::END_OF_DATA;
        let table = [
            ("RCPT TO:", 550, "5.1.1 no such user", "recipient"),
            ("RCPT TO:", 550, "no such user", "recipient"),
            ("RCPT TO:", 450, "greylisted", "recipient"),
            ("RCPT TO:", 551, "try <a@example.net>", "recipient"),
            ("RCPT TO:", 452, "4.2.2 over quota", "recipient"),
            ("RCPT TO:", 556, "5.1.10 null MX", "recipient"),
            ("RCPT TO:", 552, "5.3.4 too big", "message"),
            ("RCPT TO:", 452, "4.5.3 too many", "recipients"),
            ("RCPT TO:", 452, "too many", "recipients"),
            ("RCPT TO:", 552, "too many", "recipients"),
            ("RCPT TO:", 554, "5.7.1 no relay", ""),
            ("RCPT TO:", 550, "5.1.8 bad sender", ""),
            ("RCPT TO:", 503, "5.5.1 no MAIL", ""),
            ("RCPT TO:", 451, "try later", ""),
            ("MAIL FROM:", 452, "4.5.3 too many messages", "messages"),
            ("MAIL FROM:", 421, "4.5.3 too many messages", "messages"),
            ("MAIL FROM:", 452, "no storage", ""),
            ("MAIL FROM:", 452, "4.3.1 no storage", ""),
            ("MAIL FROM:", 552, "too big", "message"),
            ("MAIL FROM:", 552, "5.3.4 too big", "message"),
            ("MAIL FROM:", 550, "5.1.7 bad sender", ""),
            ("MAIL FROM:", 550, "no", ""),
            (DATA, 554, "spam", "message"),
            (DATA, 554, "5.6.0 bad content", "message"),
            (DATA, 552, "5.2.3 too big for the mailbox", "message"),
            (DATA, 550, "5.7.1 policy", ""),
            (DATA, 451, "try later", ""),
            (DATA, 550, "5.1.1 no such user", "recipient"),
            ("AUTH", 535, "5.7.8 no", ""),
        ];
        for (command, code, text, expected) in table {
            let code = ReplyCode::new(code).expect("a code");
            let refusal = Refusal::by_server(command, Reply::new(code, [text]));
            let subjects = [
                ("recipient", refusal.is_about_recipient()),
                ("message", refusal.is_about_message()),
                ("recipients", refusal.is_too_many_recipients()),
                ("messages", refusal.is_too_many_messages()),
            ];
            let found = subjects.map(|(name, holds)| if holds { name } else { "" }).concat();
            assert_eq!(found, expected, "{refusal}");
        }
    }
}
