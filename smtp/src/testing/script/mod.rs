//! A server that follows a script.

mod machine;
mod parse;
mod peer;
mod plan;
mod stream;

use std::sync::{Arc, Mutex};

pub use peer::Peer;
pub use stream::ScriptedStream;

use super::certificate::Certificate;
use crate::transport::{Clock, TokioClock};
use machine::Machine;
use plan::{Plan, Step};

/// A dialogue, of which the script plays the server and checks the client.
///
/// Each line of the text is one of these:
///
/// | line | meaning |
/// |---|---|
/// | `S: 250 ok` | the server says this line |
/// | `C: NOOP` | the client must say this line |
/// | `C: AUTH PLAIN *` | the client must say a line that begins so |
/// | `C: \*` | the client must say a line that ends in a star, as the one that cancels AUTH |
/// | `-- tls --` | both sides go on inside TLS |
/// | `-- wait 4m --` | time passes before the server goes on (`ms`, `s`, `m`, `h`) |
/// | `-- silence --` | the server never says anything again |
/// | `-- close --` | the server closes the connection |
/// | `-- cut --` | as `close`, inside TLS without saying so |
/// | `-- reset --` | reading and writing fail |
///
/// A line that the client sends before its step is kept until the step asks for it: pipelining is
/// allowed, unless [`lockstep`](Self::lockstep) says otherwise. A line that differs from the script
/// panics in the client's task, with the dialogue up to there.
#[derive(Clone, Debug, Default)]
pub struct Script {
    plan: Plan,
    certificate: Option<Certificate>,
    clock: Option<Arc<dyn Clock>>,
}

impl Script {
    /// A script from its text. Blank lines and the spaces before a line mean nothing.
    ///
    /// # Panics
    ///
    /// When a line has none of the forms in the table of [`Script`].
    pub fn new(dialogue: &str) -> Self {
        Self::default().then(dialogue)
    }

    /// Goes on with these lines.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    #[must_use]
    pub fn then(mut self, dialogue: &str) -> Self {
        let first = self.plan.steps.last().map_or(0, |(line, _)| *line);
        self.plan.steps.extend(parse::parse(dialogue, first));
        self
    }

    /// The server says these bytes.
    #[must_use]
    pub fn server_raw(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Server(bytes.into()))
    }

    /// The client must say exactly these bytes.
    #[must_use]
    pub fn client_raw(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::ClientRaw(bytes.into()))
    }

    /// The server says these bytes again and again, for as long as the client reads.
    #[must_use]
    pub fn endless(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Endless(bytes.into()))
    }

    /// Bytes arrive in pieces of this length, at most.
    #[must_use]
    pub fn fragmented(mut self, bytes: usize) -> Self {
        self.plan.fragment = Some(bytes.max(1));
        self
    }

    /// A write takes this many bytes, at most.
    #[must_use]
    pub fn write_limit(mut self, bytes: usize) -> Self {
        self.plan.write_limit = Some(bytes.max(1));
        self
    }

    /// A line of the client that comes before the server has sent its own is an error.
    #[must_use]
    pub fn lockstep(mut self) -> Self {
        self.plan.lockstep = true;
        self
    }

    /// Every read and every write makes its task wait for a millisecond, so that a test can drop a
    /// future at each of its waits.
    #[must_use]
    pub fn stutter(mut self) -> Self {
        self.plan.stutter = true;
        self
    }

    /// `-- wait --` and [`stutter`](Self::stutter) go by this clock instead of
    /// [`TokioClock`]: the one that the client has too.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Uses this certificate inside TLS instead of the default one.
    #[must_use]
    pub fn certificate(mut self, certificate: &Certificate) -> Self {
        self.certificate = Some(certificate.clone());
        self
    }

    /// Begins to play: a stream for the client, and the handle that watches it.
    ///
    /// # Panics
    ///
    /// When the script begins with `-- wait --` and its clock has no timer here, as `TokioClock`
    /// has none outside a tokio runtime. A wait further on, and a stutter, panic where the client
    /// reads or writes.
    pub fn start(self) -> (ScriptedStream, Peer) {
        let certificate = self.certificate.clone().unwrap_or_default();
        let authority = certificate.authority_pem().to_owned();
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(TokioClock));
        let machine = Arc::new(Mutex::new(Machine::new(self.plan, &certificate, clock)));
        (ScriptedStream::new(Arc::clone(&machine)), Peer::new(machine, authority))
    }

    fn step(mut self, step: Step) -> Self {
        let line = self.plan.steps.last().map_or(0, |(line, _)| *line) + 1;
        self.plan.steps.push((line, step));
        self
    }
}
