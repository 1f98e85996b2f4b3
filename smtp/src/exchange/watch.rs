//! The exchange of an idle connection: nothing is sent, and anything that the server sends ends it.
//!
//! A server that closes an idle connection may say so with 421 (RFC 5321 §3.8).

use super::{Exchange, Need};
use crate::error::lost::Lost;
use crate::proto::engine::Engine;
use crate::proto::fault::Fault;

/// Waits for the end of a connection.
#[derive(Debug)]
pub(crate) struct Watch;

impl Exchange for Watch {
    type Output = Lost;

    fn advance(&mut self, engine: &mut Engine) -> Result<Need<Lost>, Fault> {
        engine.check_watched()?;
        Ok(Need::Reply)
    }

    fn lost(&mut self, _: &Engine, lost: Lost) -> Lost {
        lost
    }
}
