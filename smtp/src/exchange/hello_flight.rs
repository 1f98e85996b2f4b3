//! EHLO, and MAIL and each RCPT of the first message in one flight, before the greeting has come: to
//! a server that offered PIPECONNECT in its last session.
//!
//! The commands are written by what the server offered then. Its reply to EHLO is compared with that:
//!
//! ```text
//! EHLO MAIL RCPT … ── 220 ── 250, the same ── the transaction goes on
//!                         ├─ 250, another ── replies dropped ── [RSET] MAIL RCPT …, as it has it
//!                         └─ 4yz 5yz ── QUIT
//! ```

use std::borrow::Borrow;

use smtp_grammar::{Capabilities, Params};

use super::delivery::{Delivery, Messages};
use super::hello::Hello;
use super::plan::DeliveryCapabilities;
use super::{CommandResult, Exchange, Need};
use crate::error::lost::Lost;
use crate::message::envelope::Envelope;
use crate::message::transfer::Transfer;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;

/// The greeting and EHLO, whose flight the first commands of a delivery join. It ends once EHLO is
/// answered, and the commands too where they must be sent again.
pub(crate) struct HelloFlight<'d, 'b, Q, E, T> {
    /// One that sends EHLO early and does not fall back to HELO: other replies are due.
    hello: Hello,
    delivery: &'d mut Delivery<'b, Q, E, T>,
    remembered: &'d Capabilities,
    transfer: &'d Transfer,
    /// The reply to EHLO, while replies are dropped.
    offered: Option<Capabilities>,
}

impl<'d, 'b, Q, E, T> HelloFlight<'d, 'b, Q, E, T> {
    /// The delivery is one that is held, with the capabilities that are remembered.
    pub(crate) fn new(
        hello: Hello,
        delivery: &'d mut Delivery<'b, Q, E, T>,
        remembered: &'d Capabilities,
        transfer: &'d Transfer,
    ) -> Self {
        Self { hello, delivery, remembered, transfer, offered: None }
    }
}

impl<'b, Q, E, T> Exchange for HelloFlight<'_, 'b, Q, E, T>
where
    Q: Messages<'b, Envelope = E, Ticket = T>,
    E: Borrow<Envelope>,
{
    type Output = Result<CommandResult<Capabilities>, Lost>;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Self::Output>, Fault> {
        if self.offered.is_none() {
            match self.hello.advance(engine)? {
                // EHLO is queued, and the recipients of a long list wait for room.
                Need::Reply => {
                    return Ok(match self.delivery.write(engine)? {
                        Need::Room => Need::Room,
                        _ => Need::Reply,
                    });
                }
                Need::Done(Ok(Ok(offered))) if is_same(&offered, self.remembered) => {
                    return Ok(Need::Done(Ok(Ok(offered))));
                }
                Need::Done(Ok(Ok(offered))) => {
                    self.delivery.withdraw();
                    self.offered = Some(offered);
                }
                need => return Ok(need),
            }
        }
        while self.delivery.is_ahead() {
            if self.delivery.drop_reply(engine)?.is_none() {
                return Ok(Need::Reply);
            }
        }
        let offered = self.offered.take().unwrap_or_default();
        self.delivery.set_offers(DeliveryCapabilities::new(&offered, self.transfer, false));
        Ok(Need::Done(Ok(Ok(offered))))
    }

    fn lost(&mut self, engine: &Engine, lost: Lost) -> Self::Output {
        self.hello.lost(engine, lost)
    }
}

/// Whether a server offers the same as before. The text of the first line, which may hold the time
/// or the client's address, is of no interest.
fn is_same(one: &Capabilities, other: &Capabilities) -> bool {
    one.iter().count() == other.iter().count()
        && one.iter().zip(other.iter()).all(|((one, params), (other, others))| {
            one.eq_ignore_ascii_case(other) && is_same_text(params, others)
        })
}

fn is_same_text(one: Params<'_>, other: Params<'_>) -> bool {
    one.eq(other)
}
