//! The body of the message that a group sends next: made, or read up to its first piece, before DATA
//! leaves.

use super::entry::StateEffect;
use super::run::PipelineRun;
use super::tuple::Entries;
use crate::error::refusal::Refusal;
use crate::exchange::transaction::make_body;
use crate::message::body::Body;
use crate::message::transfer::BodyMethod;

impl<'a, L: Entries<'a>> PipelineRun<'a, L> {
    fn body(&mut self) -> Option<&mut Body<'a>> {
        let index = self.index();
        self.entry(index)?.content()?.body_mut()
    }

    /// Whether the entry's body is made for its recipients, and is not made yet: then the replies to
    /// them come before DATA.
    pub(super) fn awaits_recipients(&mut self, effect: StateEffect) -> bool {
        effect == StateEffect::Content && self.body().is_some_and(|body| body.is_unmade())
    }

    /// Whether the first segment of the entry's body is here: a source that fails before DATA has
    /// left costs its own message only.
    pub(super) fn has_first_segment(&mut self) -> bool {
        self.body().is_none_or(|body| body.is_ready())
    }

    /// Why the entry's body cannot be made, or its source has failed, before DATA has left.
    pub(super) fn first_failure(&mut self) -> Option<Refusal> {
        let recipients = std::mem::take(&mut self.recipients);
        let (accepted, declared) = (self.confirmed.recipients, self.predicted.declared);
        let failure = self.body().and_then(|body| {
            if body.is_unmade() {
                let accepted = u32::try_from(accepted).unwrap_or(u32::MAX);
                let list = recipients.as_slice();
                return make_body(body, list, accepted, declared, BodyMethod::Data).err();
            }
            body.take_failure().map(Refusal::body)
        });
        self.recipients = recipients;
        failure
    }
}
