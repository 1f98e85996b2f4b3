//! A message as data: its envelope, its body, how it travels, and what became of it.
//!
//! Nothing here does I/O or knows a runtime, so a queue can keep all of it.

pub(crate) mod body;
pub(crate) mod envelope;
pub(crate) mod error;
pub(crate) mod named;
pub(crate) mod policy;
mod queue_id;
pub(crate) mod receipt;
pub(crate) mod recipient;
pub(crate) mod transaction;
pub(crate) mod transfer;

pub use body::{Body, BodySource, DangerousBody};
pub use envelope::Envelope;
pub use policy::Policy;
pub use receipt::Receipt;
pub use recipient::{Recipient, RecipientOutcome};
pub use transaction::Transaction;
pub use transfer::Transfer;

pub use crate::proto::content::LineEnds;
pub use crate::proto::left_out::LeftOut;
