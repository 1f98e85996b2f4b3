//! A message that the capture server has taken, with its envelope.

use bytes::Bytes;

/// A message with its envelope, and how it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Captured {
    /// The sender, without angle brackets; empty for the null path.
    pub from: String,
    /// The recipients that were accepted, without angle brackets.
    pub recipients: Vec<String>,
    /// The parameters of MAIL, as they were written.
    pub mail_parameters: Vec<String>,
    /// The parameters of each accepted RCPT, as they were written.
    pub rcpt_parameters: Vec<Vec<String>>,
    /// The message, without the dots that DATA adds.
    pub content: Bytes,
    /// The user that authenticated, if one did.
    pub user: Option<String>,
    /// Whether it came inside TLS.
    pub tls: bool,
    /// The argument of the client's EHLO or HELO.
    pub client_name: String,
    /// The queue id in the server's reply, after `queued as`.
    pub queue_id: String,
}
