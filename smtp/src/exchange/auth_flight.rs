//! AUTH, and MAIL and each RCPT of the first message in one flight.
//!
//! RFC 2920 §3.1 does not name AUTH among the commands that others may follow, so this is an option
//! of the caller's. Each reply is matched by counting: the one to AUTH comes first, and decides.
//!
//! ```text
//! AUTH MAIL RCPT … ── 235 ── the transaction goes on
//!                  ├─ 4yz 5yz ── replies dropped ── the refusal is the result
//!                  ├─ 503 554 ── replies dropped ── [RSET] AUTH, alone
//!                  └─ 334 ── the server reads MAIL as the response, and refuses it
//!                            ── replies dropped ── the refusal, or [RSET] AUTH, alone
//! ```

use std::borrow::Borrow;
use std::task::{Context, Poll};

use super::delivery::{Delivery, Messages};
use super::sasl::{FirstReply, SaslExchange};
use super::{CommandResult, Exchange, Need};
use crate::auth::Mechanism;
use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::message::envelope::Envelope;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;

/// An authentication whose flight the first commands of a delivery join. It ends once AUTH is
/// answered: after a success the delivery goes on, with the replies to its commands.
pub(crate) struct AuthFlight<'d, 'm, 'b, M: ?Sized, Q, E, T> {
    sasl: SaslExchange<'m, M>,
    delivery: &'d mut Delivery<'b, Q, E, T>,
    phase: Phase,
}

enum Phase {
    /// AUTH was not sent.
    Opening,
    /// AUTH was sent, and the commands after it.
    Flight,
    /// AUTH was not accepted: the replies to the commands after it are dropped, and then this
    /// follows.
    Dropping(Next),
    /// AUTH is sent, or was sent, without commands after it.
    Alone,
}

/// The step after the replies that are dropped.
enum Next {
    Refused(Refusal),
    /// Another AUTH.
    Auth,
    /// The first of them decides: it answers a line that was read as the response to a challenge.
    Response,
}

impl<'d, 'm, 'b, M, Q, E, T> AuthFlight<'d, 'm, 'b, M, Q, E, T>
where
    M: Mechanism + ?Sized,
    Q: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    /// The delivery is one that is held.
    pub(crate) fn new(sasl: SaslExchange<'m, M>, delivery: &'d mut Delivery<'b, Q, E, T>) -> Self {
        Self { sasl, delivery, phase: Phase::Opening }
    }

    /// Takes the reply to AUTH; none where it is a success.
    fn after(&mut self, first: FirstReply) -> Option<Next> {
        Some(match first {
            FirstReply::Answered(Ok(())) => return None,
            FirstReply::Answered(Err(refusal)) => Next::Refused(refusal),
            FirstReply::GoesOn => Next::Auth,
            FirstReply::Challenged => Next::Response,
            FirstReply::OutOfOrder(reply) => {
                self.delivery.note_unsuited();
                match self.sasl.begin_alone(reply) {
                    Ok(()) => Next::Auth,
                    Err(refusal) => Next::Refused(refusal),
                }
            }
        })
    }

    /// Drops the replies to the commands after AUTH. False where they have not all come.
    fn drop_replies(&mut self, engine: &mut Engine) -> Result<bool, Fault> {
        while self.delivery.is_ahead() {
            let Some(outcome) = self.delivery.drop_reply(engine)? else {
                return Ok(false);
            };
            if matches!(self.phase, Phase::Dropping(Next::Response)) {
                let first = self.sasl.take_response_to_challenge(engine, outcome)?;
                // There is no success among them.
                self.phase = Phase::Dropping(self.after(first).unwrap_or(Next::Auth));
            }
        }
        Ok(true)
    }
}

impl<'b, M, Q, E, T> Exchange for AuthFlight<'_, '_, 'b, M, Q, E, T>
where
    M: Mechanism + ?Sized,
    Q: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    type Output = Result<CommandResult<()>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        loop {
            match self.phase {
                Phase::Alone => return self.sasl.advance(engine),
                Phase::Opening => match self.sasl.advance(engine)? {
                    Need::Source => return Ok(Need::Source),
                    Need::Reply if self.sasl.may_be_followed(engine) => {
                        self.delivery.write(engine)?;
                        let is_ahead = self.delivery.is_ahead();
                        self.phase = if is_ahead { Phase::Flight } else { Phase::Alone };
                    }
                    need => {
                        self.phase = Phase::Alone;
                        return Ok(need);
                    }
                },
                Phase::Flight => {
                    let Some(first) = self.sasl.take_first(engine)? else {
                        // The recipients of a long list wait for room.
                        return Ok(match self.delivery.write(engine)? {
                            Need::Room => Need::Room,
                            _ => Need::Reply,
                        });
                    };
                    let Some(next) = self.after(first) else {
                        return Ok(Need::Done(Ok(Ok(()))));
                    };
                    self.delivery.withdraw();
                    self.phase = Phase::Dropping(next);
                }
                Phase::Dropping(_) => {
                    if !self.drop_replies(engine)? {
                        return Ok(Need::Reply);
                    }
                    match std::mem::replace(&mut self.phase, Phase::Alone) {
                        Phase::Dropping(Next::Refused(refusal)) => {
                            return Ok(Need::Done(Ok(Err(refusal))));
                        }
                        _ => self.sasl.go_on(engine),
                    }
                }
            }
        }
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.sasl.poll_source(cx)
    }

    fn source_stage(&self) -> Option<Stage> {
        self.sasl.source_stage()
    }

    fn lost(&mut self, engine: &Engine, lost: Lost) -> Self::Output {
        match std::mem::replace(&mut self.phase, Phase::Alone) {
            // That AUTH was refused was read, and decides.
            Phase::Dropping(Next::Refused(refusal)) => return Err(lost.after(refusal)),
            Phase::Flight | Phase::Dropping(_) => self.delivery.note_unsuited(),
            Phase::Opening | Phase::Alone => {}
        }
        self.sasl.lost(engine, lost)
    }
}
