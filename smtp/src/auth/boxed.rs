//! Mechanisms in a box: one that is chosen at run time, and owned.

use std::task::{Context, Poll};

use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use super::refused::{AfterRefusal, RefusedAuth};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

// Each method, those with a default too: the box must answer as the mechanism does.
#[diagnostic::do_not_recommend]
impl<M: Mechanism + ?Sized> Mechanism for Box<M> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn reveals_secret(&self) -> bool {
        (**self).reveals_secret()
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        (**self).begin(facts)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
        (**self).poll_ready(cx)
    }

    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        (**self).initial_response()
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        (**self).respond(challenge)
    }

    fn refused(&mut self, refused: &RefusedAuth<'_>) -> AfterRefusal {
        (**self).refused(refused)
    }

    fn must_be_listed(&self) -> bool {
        (**self).must_be_listed()
    }

    fn is_complete(&self) -> bool {
        (**self).is_complete()
    }

    fn is_one_round(&self) -> bool {
        (**self).is_one_round()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use smtp_grammar::{Capabilities, Reply, ReplyCode};

    use super::*;

    /// A mechanism none of whose answers is the default one.
    struct Unusual(Vec<&'static str>);

    impl Unusual {
        fn called<T>(&mut self, method: &'static str, answer: T) -> T {
            self.0.push(method);
            answer
        }
    }

    impl Mechanism for Unusual {
        fn name(&self) -> &'static str {
            "X-UNUSUAL"
        }
        fn reveals_secret(&self) -> bool {
            false
        }
        fn begin(&mut self, _: &Facts<'_>) -> Result<(), MechanismError> {
            self.called("begin", Err(MechanismError::new("not today")))
        }
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), MechanismError>> {
            self.called("poll_ready", Poll::Pending)
        }
        fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
            self.called("initial_response", Ok(None))
        }
        fn respond(&mut self, _: Challenge<'_>) -> Result<Step, MechanismError> {
            self.called("respond", Ok(Step::Wait))
        }
        fn refused(&mut self, _: &RefusedAuth<'_>) -> AfterRefusal {
            self.called("refused", AfterRefusal::BeginAgain)
        }
        fn must_be_listed(&self) -> bool {
            false
        }
        fn is_complete(&self) -> bool {
            false
        }
        fn is_one_round(&self) -> bool {
            true
        }
    }

    /// Calls each method as of a type of its own, and tells the answers.
    fn answers<M: Mechanism>(mechanism: &mut M) -> String {
        let capabilities = Capabilities::none();
        let facts = Facts::new("mail.example.test", &capabilities);
        let begun = mechanism.begin(&facts);
        let ready = mechanism.poll_ready(&mut Context::from_waker(Waker::noop()));
        let initial = mechanism.initial_response();
        let step = mechanism.respond(Challenge::new(0, b""));
        let reply = Reply::new(ReplyCode::OK, ["no"]);
        let after = mechanism.refused(&RefusedAuth::new(&reply, 0, &facts));
        let name = mechanism.name();
        let said = [
            mechanism.reveals_secret(),
            mechanism.must_be_listed(),
            mechanism.is_complete(),
            mechanism.is_one_round(),
        ];
        format!("{name} {begun:?} {ready:?} {initial:?} {step:?} {after:?} {said:?}")
    }

    #[test]
    fn a_box_answers_as_its_mechanism_does() {
        let mut plain = Unusual(Vec::new());
        let mut boxed = Box::new(Unusual(Vec::new()));
        assert_eq!(answers(&mut boxed), answers(&mut plain));
        assert_eq!(boxed.0, plain.0);
        assert_eq!(boxed.0.len(), 5, "{:?}", boxed.0);
        // And one whose type is not known.
        let mut unknown: Box<dyn Mechanism> = boxed;
        assert_eq!(answers(&mut unknown), answers(&mut plain));
    }
}
