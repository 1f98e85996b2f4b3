//! The first message in fewer round trips: commands that leave before the reply that they would
//! usually wait for.

mod auth_flight;
mod refused_flight;
mod remembered;
mod round_trips;
mod stale;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use smtp::connect::{NoMechanism, OverTls};
use smtp::grammar::Domain;
use smtp::testing::{Certificate, Peer, Script, ScriptedStream};
use smtp::transport::{Connect, Connected, Target};
use smtp::{Envelope, Submission, TlsConfig, Transfer};
use tests::{Distant, ROUND_TRIP};
use tokio::io::DuplexStream;
use tokio::time::sleep;

/// The client's side of a session.
#[derive(Debug)]
enum Session {
    Scripted(ScriptedStream),
    WithMta(DuplexStream),
}

/// A network in which each connection gets the next of these sessions.
#[derive(Debug)]
struct Sessions(Mutex<VecDeque<Session>>);

impl Connect for Sessions {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async {
            sleep(ROUND_TRIP).await;
            let next = self.0.lock().expect("no thread has failed").pop_front();
            let next = next.ok_or(io::ErrorKind::ConnectionRefused)?;
            Ok(match next {
                Session::Scripted(stream) => Connected::new(Distant::new(stream)),
                Session::WithMta(stream) => Connected::new(Distant::new(stream)),
            })
        })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

/// A server with these sessions, one for each connection, and what watches each.
struct Bed {
    network: Arc<Sessions>,
    submission: Submission<NoMechanism>,
    tls: TlsConfig,
    peers: Vec<Peer>,
}

impl Bed {
    fn new(scripts: impl IntoIterator<Item = Script>) -> Self {
        let certificate = Certificate::new(&["mail.example.test"]);
        let scripts = scripts.into_iter().map(|script| script.certificate(&certificate).start());
        let (streams, peers) = scripts.unzip::<_, _, Vec<_>, Vec<_>>();
        let trust = TlsConfig::builder().root_pem(certificate.authority_pem());
        let network = network(streams.into_iter().map(Session::Scripted));
        let tls = trust.build().expect("an authority");
        Self { submission: submission(&network).tls(tls.clone()), tls, network, peers }
    }

    /// A submission of another kind, to the same server.
    fn over<A: OverTls>(&self, submission: Submission<A>) -> Submission<A> {
        submission.connector(Arc::clone(&self.network)).tls(self.tls.clone())
    }

    /// Each session was played to its end.
    fn finish(&self) {
        self.peers.iter().for_each(Peer::finish);
    }

    /// All that the client wrote in the session of this index.
    fn written(&self, index: usize) -> String {
        String::from_utf8_lossy(&self.peers[index].written()).into_owned()
    }
}

fn network(sessions: impl IntoIterator<Item = Session>) -> Arc<Sessions> {
    Arc::new(Sessions(Mutex::new(sessions.into_iter().collect())))
}

/// A submission to a server in this network.
fn submission(network: &Arc<Sessions>) -> Submission<NoMechanism> {
    let submission = Submission::new("mail.example.test").connector(Arc::clone(network));
    submission.client_name(client_name())
}

fn client_name() -> Domain {
    "client.example.test".parse().expect("a domain")
}

/// A session of which this leaves before the greeting, with the reply to EHLO and what follows.
fn early(commands: &str, offers: &[&str], dialogue: &str) -> Script {
    let ehlo = tests::ehlo(offers);
    let (ehlo, reply) = ehlo.split_once('\n').expect("EHLO, and the reply to it");
    Script::new(&format!("{ehlo}\n{commands}S: 220 mail.example.test\n{reply}")).then(dialogue)
}

/// A session inside TLS from the first byte, up to EHLO.
fn in_tls(offers: &[&str], dialogue: &str) -> Script {
    Script::new("-- tls --").then(&tests::hello(offers)).then(dialogue).lockstep()
}

/// The settings of most tests: the message goes in chunks, so that it waits for the replies to RCPT.
fn chunked(bed: &Bed) -> Submission<NoMechanism> {
    bed.submission.clone().implicit_tls().transfer(Transfer::chunks()).pipeline_auth()
}

fn envelope() -> Envelope {
    Envelope::new("me@example.com", ["a@example.org", "b@example.org"]).expect("addresses")
}

const OFFERS: &[&str] = &["PIPELINING", "CHUNKING", "SIZE 1000", "AUTH PLAIN LOGIN XOAUTH2"];

/// `me` and `pencil`.
const AUTH: &str = "C: AUTH PLAIN AG1lAHBlbmNpbA==\n";
const COMMANDS: &str = "C: MAIL FROM:<me@example.com> SIZE=3
                        C: RCPT TO:<a@example.org>
                        C: RCPT TO:<b@example.org>\n";
const TAKEN: &str = "S: 250 sender\nS: 250 a\nS: 250 b\n";
const MESSAGE: &str = "C: BDAT 3 LAST\nC: x\nS: 250 taken\n";
const QUIT: &str = "C: QUIT\nS: 221 bye\n-- close --";

/// AUTH and MAIL in one flight, and no DATA in it.
fn flight() -> String {
    format!("{AUTH}{COMMANDS}")
}

/// AUTH alone, and the message after it.
fn alone() -> String {
    format!("{AUTH}S: 235 ok\n{COMMANDS}{TAKEN}{MESSAGE}")
}
