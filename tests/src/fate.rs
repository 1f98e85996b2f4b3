//! The fate of a message as one line of text, so that a table can state it in one row.

use smtp::connection::DataError;
use smtp::error::Blame;
use smtp::message::{Recipient, RecipientOutcome};
use smtp::pipeline::Outcome;
use smtp::state::State;
use smtp::{Connection, DeliverError, Receipt, Refusal, Reply};

/// A result with a fate that one line of text can say.
pub trait Fate {
    /// The variant; of an error whether it may pass, whose doing it is and the code of the reply;
    /// then each recipient: the code of the reply to its RCPT, and its outcome.
    ///
    /// ```text
    /// Delivered 250 | 250:ok 550:550
    /// Lost transient Network - | 250:unsent -:unsent
    /// ```
    fn fate(&self) -> String;
}

fn code(reply: Option<&Reply>) -> String {
    reply.map_or_else(|| "-".to_owned(), |reply| reply.code().to_string())
}

fn refused(refusal: &Refusal) -> String {
    if refusal.is_local() { "local".to_owned() } else { code(refusal.reply()) }
}

/// Each recipient: the code of the reply to its RCPT, and its outcome.
pub fn each(recipients: &[Recipient]) -> String {
    let each = recipients.iter().map(|recipient| {
        let outcome = match recipient.outcome() {
            RecipientOutcome::Delivered => "ok".to_owned(),
            RecipientOutcome::Refused(refusal) => refused(refusal),
            RecipientOutcome::Unknown => "unknown".to_owned(),
            RecipientOutcome::NotSent => "unsent".to_owned(),
            other => format!("{other:?}"),
        };
        format!("{}:{outcome}", code(recipient.rcpt()))
    });
    each.collect::<Vec<_>>().join(" ")
}

fn delivered(receipt: &Receipt) -> String {
    format!("Delivered {} | {}", receipt.reply().code(), each(receipt.recipients()))
}

fn failed(
    variant: &str,
    transient: bool,
    blame: Blame,
    reply: Option<&Reply>,
    recipients: &[Recipient],
) -> String {
    let transient = if transient { "transient" } else { "permanent" };
    format!("{variant} {transient} {blame:?} {} | {}", code(reply), each(recipients))
}

impl Fate for Result<Receipt, DeliverError> {
    fn fate(&self) -> String {
        let error = match self {
            Ok(receipt) => return delivered(receipt),
            Err(error) => error,
        };
        let variant = match error {
            DeliverError::Refused(_) => "Refused",
            DeliverError::Lost(_) => "Lost",
            DeliverError::Unknown(_) => "Unknown",
            DeliverError::NotSent(_) => "NotSent",
        };
        let recipients = error.recipients();
        failed(variant, error.is_transient(), error.blame(), error.reply(), recipients)
    }
}

impl<S: State> Fate for Result<(Connection<S>, Receipt), DataError<S>> {
    fn fate(&self) -> String {
        match self {
            Ok((_, receipt)) => delivered(receipt),
            Err(DataError::Refused(refused)) => {
                let refusal = &refused.refusal;
                let (transient, blame) = (refusal.is_transient(), refusal.blame());
                failed("Refused", transient, blame, refusal.reply(), &refused.recipients)
            }
            Err(DataError::Lost(error)) => {
                let lost = error.lost();
                let (transient, recipients) = (error.is_transient(), error.recipients());
                failed("Lost", transient, lost.blame(), lost.reply(), recipients)
            }
            Err(DataError::Unknown(error)) => {
                let lost = error.lost();
                failed("Unknown", false, lost.blame(), lost.reply(), error.recipients())
            }
        }
    }
}

/// The outcome of a command, or of a message, of a group.
impl<T> Fate for Outcome<T> {
    fn fate(&self) -> String {
        match self {
            Self::Accepted(_) => "ok".to_owned(),
            Self::Unreadable(_) => "unreadable".to_owned(),
            Self::Refused(refusal) => refused(refusal),
            Self::NotSent(why) => format!("{why:?}"),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}
