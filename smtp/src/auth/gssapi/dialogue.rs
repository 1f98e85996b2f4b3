//! The messages of one exchange over a security context: tokens until it is established, then the
//! choice of a security layer where the mechanism has one.
//!
//! All of it blocks, so it runs on a thread of its own: `exchange.rs` sends it there.

use super::context::{Inner, Open, SecurityContext};
use super::layers;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The parts in which the mechanisms differ, as they are when an exchange begins.
pub(super) struct Settings {
    pub(super) open: Open,
    pub(super) inner: Inner,
    /// `smtp@host`
    pub(super) service: String,
    /// The application data of the channel bindings.
    pub(super) bindings: Option<Secret>,
    pub(super) authzid: String,
    pub(super) layers: Layers,
}

/// Whether the choice of a security layer follows the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layers {
    Never,
    /// As the server likes: some have it in GSS-SPNEGO too.
    Optional,
    Always,
}

/// An exchange that has begun.
pub(super) struct Dialogue {
    context: Box<dyn SecurityContext>,
    settings: Settings,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The context takes another token.
    Tokens,
    /// The server is to offer security layers.
    Offer,
    /// It has proved who it is, and may offer them.
    MayOffer,
    Complete,
}

impl Dialogue {
    /// Opens a context, and makes the first token.
    pub(super) fn open(settings: Settings) -> Result<(Self, Secret), MechanismError> {
        let mut context = (settings.open)(settings.inner, &settings.service)?;
        let token = context.step(None, settings.bindings.as_ref().map(Secret::expose))?;
        let mut dialogue = Self { context, settings, phase: Phase::Tokens };
        dialogue.check_established()?;
        Ok((dialogue, token))
    }

    /// Answers a message of the server's.
    pub(super) fn answer(&mut self, message: &[u8]) -> Result<Secret, MechanismError> {
        if self.phase == Phase::Tokens {
            let bindings = self.settings.bindings.as_ref().map(Secret::expose);
            let token = self.context.step(Some(message), bindings)?;
            self.check_established()?;
            return Ok(token);
        }
        layers::check_offer(&self.context.unwrap(message)?)?;
        let choice = self.context.wrap(&layers::choice(&self.settings.authzid))?;
        self.phase = Phase::Complete;
        Ok(choice)
    }

    /// Goes on when the context is established.
    fn check_established(&mut self) -> Result<(), MechanismError> {
        if !self.context.is_established() {
            return Ok(());
        }
        // It was asked for, but a mechanism that cannot is no error of the GSS-API.
        if !self.context.is_mutual()? {
            return Err(MechanismError::untrusted(
                "the mechanism that was negotiated does not prove who the server is",
            ));
        }
        self.phase = match self.settings.layers {
            Layers::Never => Phase::Complete,
            Layers::Optional => Phase::MayOffer,
            Layers::Always => Phase::Offer,
        };
        Ok(())
    }

    /// Whether the server may send another message.
    pub(super) fn awaits_message(&self) -> bool {
        self.phase != Phase::Complete
    }

    /// Whether the server may claim success.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::MayOffer | Phase::Complete)
    }
}
