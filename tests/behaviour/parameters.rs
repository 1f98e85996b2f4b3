//! Parameters of MAIL and RCPT, and the keywords of EHLO that allow them: each is sent where it is
//! offered, refused before anything is sent where it is not, or left out where the caller says so.

mod checkpoint;
mod conditions;
mod dialogues;
mod keywords;
mod once;
pub(super) mod oracle;
mod require_tls;
mod servers;
mod values;
