//! The content of a transaction: whether it may follow the recipients, and how it is queued.

use std::io;
use std::task::{Context, Poll};

use smtp_grammar::Capabilities;

use super::{Carriage, Opening, Step, Transaction};
use crate::error::refusal::Refusal;
use crate::exchange::content::{
    Content, ContentFailure, ContentNeed, submit_nothing, submit_whole,
};
use crate::exchange::plan::eight_bit::may_leave;
use crate::message::policy::Policy;
use crate::message::transfer::BodyMethod;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;

/// Whether DATA, or the first chunk, may be in one flight with the recipients, before they were
/// answered.
pub(crate) fn follows_recipients(method: BodyMethod, pipelining: bool, policy: &Policy) -> bool {
    match method {
        // DATA may stand in the flight of its recipients, as its last command (RFC 2920 §3.1): no
        // content leaves before 354. A policy that may still say no must see all replies first,
        // because after 354 only closing the connection keeps the message back.
        BodyMethod::Data => pipelining && policy.permits_one_flight(),
        // A chunk leaves with its bytes: the replies to RCPT are read before it (RFC 3030 §2).
        BodyMethod::Bdat => false,
        BodyMethod::EagerBdat => true,
    }
}

impl Transaction<'_> {
    /// Whether the message may follow its recipients. `pipelining` says that it may do so before
    /// they were answered, as far as the policy lets it.
    pub(crate) fn opening(&mut self, pipelining: bool, policy: &Policy) -> Opening {
        let eager = follows_recipients(self.carriage.method, pipelining, policy);
        // Without one RCPT in the flight there is certainly no recipient, whatever the replies say.
        if self.due > 0 && !(eager && self.asked > 0) {
            return Opening::Wait;
        }
        if self.due == 0 {
            // All replies are here, and no recipient is left: DATA would be answered 503 or 554
            // (RFC 5321 §4.1.1.4), and a chunk would be thrown away.
            if self.is_hopeless() {
                return Opening::Refused;
            }
            if !policy.permits_one_flight() && !policy.permits(self.recipients.as_slice()) {
                self.refusal = Some(Refusal::by_policy(self.recipients.has_transient_refusal()));
                return Opening::Refused;
            }
        }
        if !self.prepare() {
            return self.opening_without_body();
        }
        if self.refusal.is_some() {
            return Opening::Refused;
        }
        if self.carriage.method == BodyMethod::Data { Opening::Ask } else { Opening::Send }
    }

    /// Whether the first segment of a body that is produced while it is sent is here. A source that
    /// fails by then ends its message alone, because nothing of the message was announced.
    fn prepare(&mut self) -> bool {
        let Some(body) = &mut self.body else {
            return true;
        };
        if let Some(error) = body.take_failure() {
            self.refusal.get_or_insert(Refusal::body(error));
            return true;
        }
        body.is_ready()
    }

    /// Takes the body, to be sent in more than one step. It stays where it can be sent again.
    fn open_content(&mut self) {
        let Some(body) = &self.body else {
            return;
        };
        // Recipients beyond the server's limit get another transaction (RFC 5321 §4.5.3.1.10).
        let again = body.again();
        if let Some(body) = std::mem::replace(&mut self.body, again) {
            let Carriage { method, summary, chunk_size } = self.carriage;
            match Content::new(body, method, summary, self.declared, chunk_size) {
                Ok(content) => self.content = Some(Box::new(content)),
                Err(ContentFailure::Content(error)) => {
                    self.refusal.get_or_insert(Refusal::content(error));
                }
                Err(ContentFailure::Body(error)) => {
                    self.refusal.get_or_insert(Refusal::body(error));
                }
            }
        }
    }

    /// Polls the source of the body.
    pub(crate) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (&mut self.content, &mut self.body) {
            (Some(content), _) => content.poll(cx),
            (None, Some(body)) => body.poll_first(cx),
            (None, None) => Poll::Pending,
        }
    }

    /// Whether the body has not begun: none of it was taken to be queued.
    pub(crate) fn awaits_body(&self) -> bool {
        self.content.is_none() && self.body.is_some()
    }

    /// Refuses the message before its body has begun: its caller does not wait for it any more.
    pub(crate) fn drop_body(&mut self) {
        self.body = None;
        let gone = io::Error::other("the caller went away before the body began");
        self.refusal.get_or_insert_with(|| Refusal::body(gone));
    }

    /// Queues the message when it is in memory, needs no change and is small, or owned: nothing has
    /// to be waited for. False when it is not.
    #[inline]
    fn submit_whole(&mut self, engine: &mut Engine, capabilities: &Capabilities) -> bool {
        let Carriage { method, summary, chunk_size } = self.carriage;
        let data = method == BodyMethod::Data;
        let (Some(body), None) = (&self.body, &self.content) else {
            return false;
        };
        let ready = summary
            .is_some_and(|known| known.is_ready(data, may_leave(body, summary, self.declared)));
        if !ready {
            return false;
        }
        let Some(segment) = body.whole() else {
            return false;
        };
        if !data && segment.as_ref().len() > chunk_size {
            return false;
        }
        submit_whole(engine, capabilities, segment, method)
    }

    /// Queues as much of the message as there is and fits. None when the message is queued whole,
    /// or abandoned.
    ///
    /// # Errors
    ///
    /// When it can only be abandoned by closing the connection: after 354 with an accepted
    /// recipient a dot would deliver an empty or a cut message.
    #[inline]
    pub(crate) fn write_content(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        pipelining: bool,
    ) -> Result<Option<ContentNeed>, Fault> {
        if self.content.is_none() {
            // No recipient is left, so no chunk is sent: some servers do not read the bytes of a
            // chunk that they refuse, and would take them for commands.
            if self.method() != BodyMethod::Data && self.is_hopeless() {
                self.give_up();
                return Ok(None);
            }
            if self.submit_whole(engine, capabilities) {
                self.wrote_end(engine);
                return Ok(None);
            }
        }
        self.write_segments(engine, capabilities, pipelining)
    }

    fn write_segments(
        &mut self,
        engine: &mut Engine,
        capabilities: &Capabilities,
        pipelining: bool,
    ) -> Result<Option<ContentNeed>, Fault> {
        if self.content.is_none() {
            self.open_content();
        }
        let data = self.carriage.method == BodyMethod::Data;
        loop {
            // A chunk was refused: "the sender-SMTP MUST NOT send any additional BDAT segments"
            // (RFC 3030 §2). RSET, which is due then, takes back those that were accepted.
            if !data && self.is_hopeless() {
                self.give_up();
                return Ok(None);
            }
            let Some(content) = &mut self.content else {
                // It was refused as it was opened, before anything was announced.
                self.give_up();
                return Ok(None);
            };
            // Without PIPELINING the next chunk waits for the reply to the one before (RFC 3030
            // §2).
            if !data && !pipelining && self.due > 0 {
                return Ok(Some(ContentNeed::Replies));
            }
            match content.advance(engine, capabilities, self.chunks_due > 0) {
                Ok(ContentNeed::Done) => {
                    self.wrote_end(engine);
                    return Ok(None);
                }
                Ok(ContentNeed::Chunk) => {
                    self.due += 1;
                    self.chunks_due += 1;
                }
                Ok(need) => return Ok(Some(need)),
                // DATA has no command that gives up: a final dot would deliver a part of the
                // message (RFC 5321 §4.1.1.4), so the connection is closed.
                Err(failure) if data => {
                    return Err(engine.end(match failure {
                        ContentFailure::Body(error) => Fault::Body(error),
                        ContentFailure::Content(error) => Fault::Content(error),
                    }));
                }
                // The chunks before this one were counted, so the server knows where they end, and
                // RSET takes them back (RFC 3030 §2).
                Err(failure) => {
                    self.refuse(match failure {
                        ContentFailure::Body(error) => Refusal::body(error),
                        ContentFailure::Content(error) => Refusal::content(error),
                    });
                    return Ok(None);
                }
            }
        }
    }

    /// Sends an empty message to a server that waits for content although it has accepted no
    /// recipient (RFC 2920 §3.1).
    ///
    /// # Errors
    ///
    /// In LMTP; and when the server has accepted a recipient, or has refused the message before this one and
    /// then RSET, so that it may still have its recipients: they would get the empty message.
    pub(crate) fn write_nothing(&mut self, engine: &mut Engine) -> Result<(), Fault> {
        // RFC 2920 §3.1 asks for "a single dot" where no recipient was accepted. Where one may be,
        // the dot would deliver an empty message to it.
        // In LMTP the number of replies to a message is that of its recipients, so that to an empty
        // one for none would have no reply, or one (RFC 2033 §4.2).
        if engine.facts.lmtp
            || self.accepted > 0
            || (self.reset_refused && engine.facts.recipients_left)
        {
            return Err(engine.end(Fault::Abandoned));
        }
        submit_nothing(engine);
        self.empty = true;
        self.due += 1;
        self.step = Step::Done;
        Ok(())
    }
}
