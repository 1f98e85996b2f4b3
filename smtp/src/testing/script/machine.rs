//! The state machine of a script: it checks the client's bytes and plays the server's.

use std::collections::VecDeque;
use std::fmt::{self, Debug};
use std::io::{self, Read as _, Write as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio_rustls::rustls::ServerConnection;

use super::super::certificate::Certificate;
use super::plan::{Plan, Step};
use crate::transport::Clock;

/// How long a stuttering stream makes its task wait.
const STUTTER: Duration = Duration::from_millis(1);

/// A script being played.
pub(super) struct Machine {
    pub(super) plan: Plan,
    certificate: Certificate,
    steps: VecDeque<(usize, Step)>,
    clock: Arc<dyn Clock>,
    wait: Option<Timer>,
    /// The timers that the next read and the next write wait for first.
    stutters: [Option<Timer>; 2],
    tls: Option<ServerConnection>,
    /// The bytes of the client, in clear, that no step has asked for yet.
    received: Vec<u8>,
    /// The bytes that the client has yet to read, as on the wire.
    pub(super) outgoing: VecDeque<u8>,
    pub(super) end: Option<End>,
    pub(super) reader: Option<Waker>,
    pub(super) client_gone: bool,
    pub(super) waits: usize,
    pub(super) written: Vec<u8>,
    pub(super) written_raw: Vec<u8>,
    pub(super) dialogue: String,
}

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The operation that the client is about to do.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Read,
    Write,
}

/// How the server ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Closed,
    Reset,
}

impl Machine {
    pub(super) fn new(mut plan: Plan, certificate: &Certificate, clock: Arc<dyn Clock>) -> Self {
        let steps = std::mem::take(&mut plan.steps).into();
        let mut machine = Self {
            plan,
            certificate: certificate.clone(),
            steps,
            clock,
            wait: None,
            stutters: [None, None],
            tls: None,
            received: Vec::new(),
            outgoing: VecDeque::new(),
            end: None,
            reader: None,
            client_gone: false,
            waits: 0,
            written: Vec::new(),
            written_raw: Vec::new(),
            dialogue: String::new(),
        };
        machine.play();
        machine
    }

    /// Takes bytes from the client.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.written_raw.extend_from_slice(bytes);
        if self.tls.is_some() {
            self.hear_tls(bytes);
        } else {
            self.hear_clear(bytes);
        }
        self.play();
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Lets time pass.
    pub(super) fn poll_wait(&mut self, cx: &mut Context<'_>) {
        if let Some(wait) = &mut self.wait
            && wait.as_mut().poll(cx).is_ready()
        {
            self.wait = None;
            self.play();
        }
    }

    /// Whether the task must wait for a moment before it reads or writes.
    pub(super) fn must_stutter(&mut self, access: Access, cx: &mut Context<'_>) -> bool {
        if !self.plan.stutter {
            return false;
        }
        let mut moment = match self.stutters[access as usize].take() {
            Some(moment) => moment,
            None => self.timer(STUTTER),
        };
        if moment.as_mut().poll(cx).is_ready() {
            return false;
        }
        self.stutters[access as usize] = Some(moment);
        self.waits += 1;
        true
    }

    fn timer(&self, duration: Duration) -> Timer {
        let timer = self.clock.timer(self.clock.now() + duration);
        timer.expect("a clock with timers, from `Script::clock` or a tokio runtime")
    }

    /// Writes more bytes of an endless server.
    pub(super) fn refill(&mut self) {
        if let Some((_, Step::Endless(bytes))) = self.steps.front() {
            let bytes = bytes.clone();
            self.say(&bytes);
        }
    }

    /// The channel binding of the connection.
    pub(super) fn tls_exporter(&self) -> Option<Vec<u8>> {
        let tls = self.tls.as_ref()?;
        tls.export_keying_material(vec![0; 32], b"EXPORTER-Channel-Binding", Some(&[])).ok()
    }

    /// The part of the script that should have been played and was not.
    pub(super) fn remaining_steps(&self) -> Option<String> {
        if !self.received.is_empty() {
            return Some(format!("the client also said {}", shown(&self.received)));
        }
        match self.steps.front() {
            None | Some((_, Step::Silence | Step::Endless(_))) => None,
            Some((line, step)) => Some(format!("line {line} was never reached: {step:?}")),
        }
    }

    /// Walks the script up to where it must wait.
    fn play(&mut self) {
        while self.wait.is_none()
            && let Some((line, step)) = self.steps.pop_front()
        {
            let done = match &step {
                Step::Server(bytes) => {
                    if self.plan.lockstep && !self.received.is_empty() {
                        self.fail(line, "the client did not wait for the server");
                    }
                    self.note("S", bytes);
                    self.say(bytes);
                    true
                }
                Step::Client(text, open) => self.expect_line(line, text, *open),
                Step::ClientRaw(bytes) => self.expect_raw(line, bytes),
                Step::Tls => {
                    if !self.received.is_empty() {
                        self.fail(line, "the client went on in clear");
                    }
                    let tls = ServerConnection::new(self.certificate.config());
                    self.tls = Some(tls.expect("a server's side of TLS"));
                    self.dialogue.push_str("-- tls --\n");
                    true
                }
                Step::Wait(duration) => {
                    self.wait = Some(self.timer(*duration));
                    true
                }
                Step::Close | Step::Cut => {
                    if matches!(step, Step::Close)
                        && let Some(tls) = &mut self.tls
                    {
                        tls.send_close_notify();
                        self.flush_tls();
                    }
                    self.end = Some(End::Closed);
                    true
                }
                Step::Reset => {
                    self.end = Some(End::Reset);
                    true
                }
                Step::Silence | Step::Endless(_) => false,
            };
            if !done {
                self.steps.push_front((line, step));
                return;
            }
        }
    }

    fn expect_line(&mut self, number: usize, text: &str, open: bool) -> bool {
        let Some(end) = self.received.windows(2).position(|pair| pair == b"\r\n") else {
            return false;
        };
        let line: Vec<u8> = self.received.drain(..end + 2).collect();
        let said = &line[..end];
        let right = if open { said.starts_with(text.as_bytes()) } else { said == text.as_bytes() };
        if !right {
            let said = shown(said);
            self.fail(number, &format!("expected {text:?}, the client said {said}"));
        }
        self.note("C", &line);
        true
    }

    fn expect_raw(&mut self, number: usize, bytes: &[u8]) -> bool {
        let length = bytes.len().min(self.received.len());
        if self.received[..length] != bytes[..length] {
            let said = shown(&self.received[..length]);
            self.fail(number, &format!("expected {}, the client said {said}", shown(bytes)));
        }
        if self.received.len() < bytes.len() {
            return false;
        }
        self.received.drain(..bytes.len());
        self.note("C", bytes);
        true
    }

    fn say(&mut self, bytes: &[u8]) {
        match &mut self.tls {
            None => self.outgoing.extend(bytes),
            Some(tls) => {
                tls.writer().write_all(bytes).expect("room for a reply");
                self.flush_tls();
            }
        }
    }

    fn hear_clear(&mut self, bytes: &[u8]) {
        self.written.extend_from_slice(bytes);
        self.received.extend_from_slice(bytes);
    }

    fn hear_tls(&mut self, mut bytes: &[u8]) {
        let Some(tls) = &mut self.tls else {
            return;
        };
        let mut clear = Vec::new();
        while !bytes.is_empty() {
            let fed = tls.read_tls(&mut bytes).is_ok() && tls.process_new_packets().is_ok();
            let mut piece = Vec::new();
            // Ends with `WouldBlock` once everything was read.
            let _ = tls.reader().read_to_end(&mut piece);
            clear.append(&mut piece);
            if !fed {
                // A client that does not trust the certificate says so and goes.
                self.end = Some(End::Closed);
                break;
            }
        }
        self.flush_tls();
        self.hear_clear(&clear);
    }

    fn flush_tls(&mut self) {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                let mut bytes = Vec::new();
                if tls.write_tls(&mut bytes).is_err() {
                    return;
                }
                self.outgoing.extend(bytes);
            }
        }
    }

    fn note(&mut self, who: &str, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let line = shown(line.trim_ascii_end());
            self.dialogue.extend([who, ": ", &line, "\n"]);
        }
    }

    fn fail(&self, line: usize, what: &str) -> ! {
        panic!("the client left the script at its line {line}: {what}\nso far:\n{}", self.dialogue);
    }
}

impl Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("plan", &self.plan)
            .field("steps", &self.steps)
            .field("end", &self.end)
            .field("dialogue", &self.dialogue)
            .finish_non_exhaustive()
    }
}

/// Bytes, escaped and cut, for messages.
fn shown(bytes: &[u8]) -> String {
    const MAX_SHOWN: usize = 200;
    let text = bytes[..bytes.len().min(MAX_SHOWN)].escape_ascii().to_string();
    if bytes.len() > MAX_SHOWN { format!("{text}... ({} bytes)", bytes.len()) } else { text }
}

pub(super) fn broken(end: End) -> io::Error {
    match end {
        End::Closed => io::ErrorKind::BrokenPipe.into(),
        End::Reset => io::ErrorKind::ConnectionReset.into(),
    }
}
