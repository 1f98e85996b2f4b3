//! The pool as a service of tower, for layers that limit, time and retry.

use std::task::{Context, Poll};

use smtp::{Body, Envelope, Receipt};
use tower_service::Service;

use crate::error::SendError;
use crate::pool::Pool;
use crate::send_mail::Sending;
use crate::session::Session;

/// A request is a message: its envelope, and its body or what becomes one. A layer that repeats
/// requests needs a body that can be cloned, as `Bytes` and `&'static str` can.
///
/// The service is always ready: a message waits in [`call`](Service::call) for room in the window of
/// a connection, in the order of the calls, for as long as [`Settings::wait`](crate::Settings::wait)
/// says. To hold callers back, put a layer before it that limits requests: beyond
/// [connections](crate::Settings::connections) times
/// [messages in flight](crate::Settings::messages_in_flight), messages only wait.
impl<C: Session, B: Into<Body<'static>>> Service<(Envelope, B)> for Pool<C> {
    type Response = Receipt;
    type Error = SendError;
    type Future = Sending<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (envelope, body): (Envelope, B)) -> Sending<'static> {
        let (pool, body) = (self.clone(), body.into());
        Box::pin(async move { pool.send(envelope, body).await })
    }
}
