//! The client's verdict on each recipient. This is the only file of the model that names the errors
//! and receipts of the library, so that a change of their API stays here.

use smtp::connection::{DataError, TransitionError};
use smtp::message::{Recipient, RecipientOutcome};
use smtp::pipeline::{Message, NotSent, Outcome};
use smtp::state::{Idle, InTransaction};
use smtp::{Connection, DeliverError, Error, Lost, Receipt, Refusal, Reply};

/// The fate of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Delivered,
    /// The server refused, or the client did not send it for a reason of its own. A transient one
    /// may be tried again.
    Refused {
        transient: bool,
    },
    /// The server may have delivered.
    Unknown,
    /// The server did not deliver, and did not refuse.
    NotSent,
}

/// The verdict of a call on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    Intact,
    Lost,
    /// The call does not say.
    Unsaid,
}

/// The verdict of a call on a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    /// One for each recipient, in the order of the envelope.
    pub(super) verdicts: Vec<Verdict>,
    pub(super) session: Session,
    /// Whether the message as a whole may be tried again, where the call says so.
    pub(super) again: Option<bool>,
}

/// The result of a step of the typed calls: a recipient that was accepted has no verdict yet.
pub(super) type Verdicts = Vec<Option<Verdict>>;

type Open<H> = Connection<InTransaction<H>>;

impl Report {
    fn new(verdicts: Vec<Verdict>, session: Session) -> Self {
        Self { verdicts, session, again: None }
    }
}

/// `deliver` and `deliver_all`.
pub(super) fn of_delivery(result: Result<Receipt, DeliverError>, recipients: usize) -> Report {
    let error = match result {
        Ok(receipt) => {
            let verdicts = of_recipients(receipt.recipients());
            // A connection that was lost in a later transaction: the receipt does not say so.
            let lost = verdicts.iter().any(|verdict| is_open(*verdict));
            let session = if lost { Session::Unsaid } else { Session::Intact };
            return Report::new(verdicts, session);
        }
        Err(error) => error,
    };
    let verdicts = of_recipients(error.recipients());
    assert_eq!(verdicts.len(), recipients, "{error:?}");
    let session = match &error {
        DeliverError::Refused(_) => Session::Intact,
        // Without a loss it is the server's limit.
        DeliverError::NotSent(unsent) if unsent.lost().is_none() => Session::Intact,
        _ => Session::Lost,
    };
    Report { verdicts, session, again: Some(error.is_transient()) }
}

fn of_recipients(recipients: &[Recipient]) -> Vec<Verdict> {
    let verdict = |recipient: &Recipient| match recipient.outcome() {
        RecipientOutcome::Delivered => Verdict::Delivered,
        RecipientOutcome::Refused(refusal) => of_refusal(refusal),
        RecipientOutcome::Unknown => Verdict::Unknown,
        RecipientOutcome::NotSent => Verdict::NotSent,
        other => panic!("{other:?}"),
    };
    recipients.iter().map(verdict).collect()
}

/// The end of `deliver_all`, of a stream or of a feed.
pub(super) fn of_run<T>(result: &Result<T, Lost>) -> Session {
    if result.is_ok() { Session::Intact } else { Session::Lost }
}

/// MAIL: the transaction, or what became of the message.
pub(super) fn of_mail<H: Idle>(
    result: Result<(Open<H>, Reply), TransitionError<H>>,
    recipients: usize,
) -> Result<Open<H>, (Report, Option<Connection<H>>)> {
    result.map(|(transaction, _)| transaction).map_err(|error| match error {
        TransitionError::Refused(refused) => {
            let verdicts = vec![of_refusal(&refused.refusal); recipients];
            (Report::new(verdicts, Session::Intact), Some(refused.connection))
        }
        TransitionError::Lost(lost) => {
            (Report::new(vec![of_lost(&lost); recipients], Session::Lost), None)
        }
    })
}

/// RCPT: none when it was accepted; an error ends the session.
pub(super) fn of_rcpt(result: Result<Reply, Error>) -> Result<Option<Verdict>, Verdict> {
    match result {
        Ok(_) => Ok(None),
        Err(Error::Refused(refusal)) => Ok(Some(of_refusal(&refusal))),
        Err(Error::Lost(lost)) => Err(of_lost(&lost)),
        Err(other) => panic!("RCPT came to {other:?}"),
    }
}

/// RSET after no recipient was accepted.
pub(super) fn of_reset<H: Idle>(
    result: Result<Connection<H>, TransitionError<InTransaction<H>>>,
    named: Verdicts,
) -> (Report, Option<Connection<H>>) {
    let verdicts = fill(named, Verdict::NotSent);
    match result {
        Ok(connection) => (Report::new(verdicts, Session::Intact), Some(connection)),
        Err(_) => (Report::new(verdicts, Session::Lost), None),
    }
}

/// The connection was lost at a RCPT.
pub(super) fn of_broken(named: Verdicts, recipients: usize, last: Verdict) -> Report {
    let mut verdicts = fill(named, Verdict::NotSent);
    verdicts.push(last);
    verdicts.resize(recipients, Verdict::NotSent);
    Report::new(verdicts, Session::Lost)
}

/// DATA or BDAT with the message.
pub(super) fn of_content<H: Idle>(
    result: Result<(Connection<H>, Receipt), DataError<H>>,
    named: Verdicts,
) -> (Report, Option<Connection<H>>) {
    let (of_all, each, session, connection) = match result {
        Ok((connection, receipt)) => {
            let each = of_recipients(receipt.recipients());
            (Verdict::Delivered, each, Session::Intact, Some(connection))
        }
        Err(DataError::Refused(refused)) => {
            let each = of_recipients(&refused.recipients);
            (of_refusal(&refused.refusal), each, Session::Intact, Some(refused.connection))
        }
        Err(DataError::Lost(lost)) => {
            (of_lost(lost.lost()), of_recipients(lost.recipients()), Session::Lost, None)
        }
        Err(DataError::Unknown(unknown)) => {
            (Verdict::Unknown, of_recipients(unknown.recipients()), Session::Lost, None)
        }
    };
    let verdicts = fill(named, of_all);
    // The verdict on all is true of each that has no other.
    let is_true = |(said, of_one): (&Verdict, &Verdict)| said == of_one || *said == of_all;
    assert!(verdicts.iter().zip(&each).all(is_true), "{verdicts:?} and {each:?}");
    (Report::new(each, session), connection)
}

/// A group of MAIL, RCPT and a message.
pub(super) fn of_group(
    mail: &Outcome<Reply>,
    rcpts: &[Outcome<Reply>],
    message: &Message<Reply>,
) -> Vec<Verdict> {
    let content = match &message.end {
        Outcome::Accepted(_) | Outcome::Unreadable(_) => Verdict::Delivered,
        Outcome::Refused(refusal) => of_refusal(refusal),
        Outcome::Unknown => Verdict::Unknown,
        Outcome::NotSent(NotSent::Lost) => Verdict::NotSent,
        Outcome::NotSent(_) => message.opening.refusal().map_or(Verdict::NotSent, of_refusal),
    };
    let each = match &message.end {
        Outcome::Accepted(receipt) => of_recipients(receipt.recipients()),
        _ => of_recipients(&message.recipients),
    };
    // Each has an outcome of its own, once the message was sent.
    if each.len() == rcpts.len() && mail.refusal().is_none() {
        return each;
    }
    let verdict = |rcpt: &Outcome<Reply>| match (mail.refusal(), rcpt) {
        (Some(refusal), _) | (None, Outcome::Refused(refusal)) => of_refusal(refusal),
        (None, Outcome::NotSent(_)) => Verdict::NotSent,
        (None, _) => content,
    };
    rcpts.iter().map(verdict).collect()
}

/// The end of a group.
pub(super) fn of_landing<H: Idle>(
    result: Result<Connection<H>, Lost>,
) -> (Session, Option<Connection<H>>) {
    match result {
        Ok(connection) => (Session::Intact, Some(connection)),
        Err(_) => (Session::Lost, None),
    }
}

/// NOOP: its text, or none when the connection is gone.
pub(super) fn of_noop(result: Result<Reply, Error>) -> Option<String> {
    match result {
        Ok(reply) => Some(reply.text().to_string()),
        Err(Error::Refused(refusal)) => Some(refusal.to_string()),
        Err(_) => None,
    }
}

fn of_refusal(refusal: &Refusal) -> Verdict {
    Verdict::Refused { transient: refusal.is_transient() }
}

/// A call that says no more than that: what was refused before is the reason, or the reply that
/// ended the session.
fn of_lost(lost: &Lost) -> Verdict {
    if let Some(refusal) = lost.refusal() {
        return of_refusal(refusal);
    }
    match lost.reply() {
        Some(reply) if reply.code().value() != 421 => {
            Verdict::Refused { transient: lost.is_transient() }
        }
        _ => Verdict::NotSent,
    }
}

fn is_open(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Unknown | Verdict::NotSent)
}

fn fill(named: Verdicts, accepted: Verdict) -> Vec<Verdict> {
    named.into_iter().map(|verdict| verdict.unwrap_or(accepted)).collect()
}
