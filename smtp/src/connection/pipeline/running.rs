//! The future of a group.

use std::fmt::{self, Debug};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::end::{PipelineEnd, PipelineParts, PipelineResult};
use crate::error::refusal::Refusal;
use crate::exchange::hello::Hello;
use crate::exchange::pipeline::run::PipelineRun;
use crate::exchange::pipeline::tuple::Entries;
use crate::exchange::recipients::RecipientList;
use crate::proto::stage::Stage;
use crate::state::State as _;

/// A group in flight. Nothing is sent before it is polled.
///
/// # Cancellation
///
/// Dropping it closes the connection.
#[must_use = "a group is sent when its future is awaited"]
pub struct RunPipeline<'a, S: PipelineEnd, L> {
    result: Option<PipelineResult<S::Idle>>,
    run: Option<PipelineRun<'a, L>>,
    /// EHLO, after a command that begins the session anew.
    hello: Option<Hello>,
    /// The refusal of that EHLO, until the connection is closed.
    refusal: Option<Refusal>,
    begun: bool,
    /// Each command has its outcome.
    ran: bool,
    end: PhantomData<fn() -> S>,
}

impl<'a, S: PipelineEnd, L: Entries<'a>> RunPipeline<'a, S, L> {
    pub(super) fn new(mut parts: PipelineParts<S::Idle>, entries: L) -> Self {
        let recipients = RecipientList::answered(std::mem::take(&mut parts.named));
        let mut run = PipelineRun::new(entries, parts.idle.capabilities(), parts.state, recipients);
        let last = run.last_spec();
        let result = PipelineResult { parts, lost: None, reason: None, last, capabilities: None };
        let (result, run) = (Some(result), Some(run));
        Self { result, run, hello: None, refusal: None, begun: false, ran: false, end: PhantomData }
    }

    /// Runs the group, and EHLO where it has to follow.
    fn poll_group(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(PipelineResult<S::Idle>, PipelineRun<'a, L>)>> {
        let (Some(result), Some(run)) = (&mut self.result, &mut self.run) else {
            return Poll::Ready(None);
        };
        let session = &mut result.parts.session;
        if !std::mem::replace(&mut self.begun, true)
            && let Err(lost) = session.driver.begin_call()
        {
            run.skip_all();
            result.lost = Some(lost);
            return Poll::Ready(self.result.take().zip(self.run.take()));
        }
        if !self.ran {
            let end = ready!(session.driver.poll_run(cx, run));
            self.ran = true;
            match end {
                Ok(end) => {
                    result.parts.state = end.state;
                    result.parts.named = end.recipients.into_named();
                    result.reason = end.reason;
                }
                Err(lost) => {
                    result.lost = Some(lost);
                    return Poll::Ready(self.result.take().zip(self.run.take()));
                }
            }
            // A command such as XCLIENT begins the session anew: what the server offers is unknown
            // until EHLO was answered.
            let resets = result.last.is_some_and(|last| last.resets);
            if resets && result.parts.state.left.is_some() {
                let secure = session.driver.security().is_some();
                let config = &session.config;
                self.hello = Some(Hello::needed(&config.client_name, &config.ignored, secure));
            }
        }
        if let Some(hello) = &mut self.hello {
            let answer = ready!(session.driver.poll_run(cx, hello));
            self.hello = None;
            match answer {
                Ok(Ok(capabilities)) => result.capabilities = Some(capabilities),
                Ok(Err(refusal)) => self.refusal = Some(refusal),
                Err(lost) => result.lost = Some(lost),
            }
        }
        if self.refusal.is_some() || result.last.is_some_and(|last| last.stage == Stage::Quit) {
            // As after QUIT alone: inside TLS the server is told that nothing more follows.
            ready!(session.driver.poll_close(cx));
        }
        if let Some(refusal) = self.refusal.take() {
            result.lost = Some(session.must_hello(refusal));
        }
        session.driver.end_call();
        Poll::Ready(self.result.take().zip(self.run.take()))
    }
}

impl<'a, S: PipelineEnd, L: Entries<'a>> Future for RunPipeline<'a, S, L> {
    type Output = (S::Connection, L::Outcomes);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match ready!(self.get_mut().poll_group(cx)) {
            Some((result, run)) => Poll::Ready((S::finish(result), run.into_members().outcomes())),
            // It was polled after it was done, and has nothing more to give.
            None => Poll::Pending,
        }
    }
}

// Nothing here is pinned.
impl<S: PipelineEnd, L> Unpin for RunPipeline<'_, S, L> {}

impl<S: PipelineEnd, L> Debug for RunPipeline<'_, S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunPipeline").field("begun", &self.begun).finish_non_exhaustive()
    }
}
