//! The token of a source, as far as it has come on one connection.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::auth::token::{Need, TokenFuture, TokenSource};
use crate::error::TokenError;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// A source, and where its token is.
pub(super) struct Fetch {
    source: Arc<dyn TokenSource>,
    state: State,
    /// The token that the server has refused on this connection.
    refused: Option<Secret>,
}

enum State {
    Asked(TokenFuture),
    /// To be asked for.
    Due,
    There,
}

impl Fetch {
    pub(super) fn new(source: impl TokenSource + 'static) -> Self {
        Self { source: Arc::new(source), state: State::Due, refused: None }
    }

    /// A connection begins to authenticate.
    pub(super) fn begin(&mut self) {
        (self.state, self.refused) = (State::Due, None);
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(self.state, State::There)
    }

    /// The server has refused this token. Says whether another is asked for: it is so once on a
    /// connection.
    pub(super) fn renew(&mut self, token: &Secret) -> bool {
        let is_first = self.refused.is_none();
        if is_first {
            (self.state, self.refused) = (State::Due, Some(token.clone()));
        }
        is_first
    }

    /// The token, as the answer of the source.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Secret, MechanismError>> {
        loop {
            match &mut self.state {
                State::Due => {
                    let need = match &self.refused {
                        Some(token) => Need::Refused(token.clone()),
                        None => Need::Authentication,
                    };
                    self.state = State::Asked(self.source.token(need));
                }
                State::Asked(answer) => {
                    let answer = ready!(answer.as_mut().poll(cx));
                    self.state = State::Due;
                    let token = answer?.secret().clone();
                    if self.refused.as_ref().is_some_and(|old| old.expose() == token.expose()) {
                        return Poll::Ready(Err(TokenError::same_again().into()));
                    }
                    self.state = State::There;
                    return Poll::Ready(Ok(token));
                }
                State::There => {
                    let reason = "the source of tokens was asked twice";
                    return Poll::Ready(Err(MechanismError::new(reason)));
                }
            }
        }
    }
}
