//! Envelopes of deliveries: the null sender, and parameters of single recipients.

use smtp::command::{Mail, Rcpt};
use smtp::extension::{EnvelopeId, Notify, OriginalRecipient, Ret};
use smtp::grammar::ReversePath;
use smtp::{DeliverError, Envelope, Mailbox, Transfer};
use tests::{Fate as _, greeted, script};

fn rcpt(name: &str) -> Rcpt {
    let mailbox: Mailbox = format!("{name}@example.org").parse().expect("an address");
    Rcpt::to(mailbox)
}

/// A report of a failure: the sender is null, and each recipient has parameters of its own.
fn envelope() -> Envelope {
    let original = "old@example.com".parse::<Mailbox>().expect("an address");
    let mail = Mail::from(ReversePath::Null).with(Ret::Headers);
    Envelope::from_mail(mail)
        .with(EnvelopeId::new("17").expect("an identifier"))
        .recipient(rcpt("a"))
        .recipient(rcpt("b").with(Notify::NEVER))
        .recipient(rcpt("c").with(OriginalRecipient::new(original)))
}

const MAIL: &str = "C: MAIL FROM:<> RET=HDRS ENVID=17\n";
const RCPTS: [&str; 3] = [
    "C: RCPT TO:<a@example.org>\n",
    "C: RCPT TO:<b@example.org> NOTIFY=NEVER\n",
    "C: RCPT TO:<c@example.org> ORCPT=rfc822;old@example.com\n",
];

/// The dialogue of a message in transactions of at most so many recipients.
fn dialogue(most: usize, pipelining: bool, chunks: bool) -> String {
    let transaction = |rcpts: &[&str]| {
        let content = if chunks {
            "C: BDAT 3 LAST\nC: x\nS: 250 taken\n"
        } else {
            "C: x\nC: .\nS: 250 taken\n"
        };
        let opened = if chunks { ("", "") } else { ("C: DATA\n", "S: 354 go\n") };
        if pipelining {
            let replies = "S: 250 ok\n".repeat(rcpts.len() + 1);
            return format!("{MAIL}{}{}{replies}{}{content}", rcpts.concat(), opened.0, opened.1);
        }
        let rcpts = rcpts.iter().flat_map(|rcpt| [rcpt, "S: 250 ok\n"]).collect::<String>();
        format!("{MAIL}S: 250 ok\n{rcpts}{}{}{content}", opened.0, opened.1)
    };
    RCPTS.chunks(most).map(transaction).collect()
}

#[tokio::test(start_paused = true)]
async fn a_null_sender_and_parameters_of_each_recipient() {
    for most in [3, 2, 1] {
        for pipelining in [true, false] {
            for transfer in [Transfer::data(), Transfer::chunks()] {
                let limit = format!("LIMITS RCPTMAX={most}");
                let mut offers = vec!["DSN", "CHUNKING", limit.as_str()];
                offers.extend(pipelining.then_some("PIPELINING"));
                let dialogue = dialogue(most, pipelining, transfer == Transfer::chunks());
                for all in [false, true] {
                    let (mut connection, peer) = greeted(script(&offers, &dialogue)).await;
                    connection.set_transfer(transfer.clone());
                    let fate = if all {
                        let mut fates = Vec::new();
                        let report = |_, result: Result<_, DeliverError>| fates.push(result.fate());
                        let messages = [(envelope(), "x\r\n")];
                        connection.deliver_all(messages, report).await.expect("a session");
                        fates.concat()
                    } else {
                        connection.deliver(&envelope(), "x\r\n").await.fate()
                    };
                    assert_eq!(fate, "Delivered 250 | 250:ok 250:ok 250:ok", "{dialogue}");
                    peer.finish();
                }
            }
        }
    }
}
