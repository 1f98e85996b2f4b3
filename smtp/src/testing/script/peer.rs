//! The test's handle of a scripted server: the lines it received and the steps that are left.

use std::sync::{Arc, Mutex};

use super::machine::Machine;
use super::stream::lock;

/// Watches a [`Script`](super::Script) that is being played.
#[derive(Debug)]
pub struct Peer {
    machine: Arc<Mutex<Machine>>,
    authority: String,
}

impl Peer {
    pub(super) fn new(machine: Arc<Mutex<Machine>>, authority: String) -> Self {
        Self { machine, authority }
    }

    /// Checks that the script was played to its end, and that the client said nothing else.
    ///
    /// # Panics
    ///
    /// When it was not, with the dialogue up to there.
    pub fn finish(&self) {
        let machine = lock(&self.machine);
        if let Some(what) = machine.remaining_steps() {
            panic!("{what}\nthe dialogue:\n{}", machine.dialogue);
        }
    }

    /// Everything that the client wrote, decrypted.
    pub fn written(&self) -> Vec<u8> {
        lock(&self.machine).written.clone()
    }

    /// Everything that the client wrote, as it was on the wire.
    pub fn raw_written(&self) -> Vec<u8> {
        lock(&self.machine).written_raw.clone()
    }

    /// The lines that both sides have sent so far.
    pub fn dialogue(&self) -> String {
        lock(&self.machine).dialogue.clone()
    }

    /// The channel binding `tls-exporter` (RFC 9266) as the server computes it; none before the
    /// handshake is done.
    pub fn tls_exporter(&self) -> Option<Vec<u8>> {
        lock(&self.machine).tls_exporter()
    }

    /// Whether the client has closed its side.
    pub fn is_closed(&self) -> bool {
        lock(&self.machine).client_gone
    }

    /// How often a read or a write made its task wait.
    pub fn waits(&self) -> usize {
        lock(&self.machine).waits
    }

    /// The authority of the certificate, for the client to trust.
    pub fn authority_pem(&self) -> &str {
        &self.authority
    }
}
