//! Exchanges over a context that is played, so that the messages are tested without Kerberos, and
//! the steps of it on tokio's threads.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Waker;
use std::thread::{self, ThreadId};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_grammar::{Capabilities, Reply, ReplyCode};

use super::context::SecurityContext;
use super::*;
use crate::auth::ChannelBinding;
use crate::state::{Exporter, Security, Verification};

/// A call of a context, as the tests write it.
fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

/// A context that is played. It is established by the tokens of its list, in their order.
struct Played {
    tokens: Vec<&'static [u8]>,
    next: usize,
    mutual: bool,
    /// Every call, and the thread that makes it.
    calls: Sender<(String, ThreadId)>,
}

impl Played {
    fn call(&self, call: String) {
        self.calls.send((call, thread::current().id())).expect("a test that looks");
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        let _ = self.calls.send(("drop".to_owned(), thread::current().id()));
    }
}

impl SecurityContext for Played {
    fn step(
        &mut self,
        token: Option<&[u8]>,
        bindings: Option<&[u8]>,
    ) -> Result<Secret, MechanismError> {
        let bindings = bindings.map(|it| format!(" bound to {}", text(it))).unwrap_or_default();
        self.call(format!("step {}{bindings}", token.map_or("none".to_owned(), text)));
        match token {
            Some(b"bad") => return Err(MechanismError::new("a bad token")),
            Some(b"impostor") => return Err(MechanismError::untrusted("an impostor")),
            Some(b"panic") => panic!("the library is broken"),
            _ => {}
        }
        let token = self.tokens.get(self.next).expect("a token");
        self.next += 1;
        Ok(Secret::from(*token))
    }

    fn is_established(&self) -> bool {
        self.next == self.tokens.len()
    }

    fn is_mutual(&self) -> Result<bool, MechanismError> {
        Ok(self.mutual)
    }

    fn unwrap(&mut self, message: &[u8]) -> Result<Vec<u8>, MechanismError> {
        self.call(format!("unwrap {}", text(message)));
        let content = message.strip_prefix(b"wrapped:");
        content.map(<[u8]>::to_vec).ok_or_else(|| MechanismError::untrusted("a wrong signature"))
    }

    fn wrap(&mut self, message: &[u8]) -> Result<Secret, MechanismError> {
        self.call(format!("wrap {}", text(message)));
        Ok(Secret::concat(&[b"wrapped:", message]))
    }
}

/// Contexts that give these tokens, and the calls that they get.
fn contexts(tokens: &[&'static [u8]], mutual: bool) -> (Open, Receiver<(String, ThreadId)>) {
    let (calls, heard) = channel();
    let (calls, tokens) = (Mutex::new(calls), tokens.to_vec());
    let open = move |inner, service: &str| -> Result<Box<dyn SecurityContext>, MechanismError> {
        let calls = calls.lock().expect("no panic").clone();
        let played = Played { tokens: tokens.clone(), next: 0, mutual, calls };
        played.call(format!("open {inner:?} {service}"));
        Ok(Box::new(played))
    };
    (Arc::new(open), heard)
}

/// With a header in front of `token`.
const FIRST: &[u8] = b"\x60\x08\x06\x01\x2atoken";

fn offers(mechanisms: &str) -> Capabilities {
    let lines = ["mail.example.test".to_owned(), format!("AUTH {mechanisms}")];
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines.iter()))
}

/// TLS with a server that has shown this certificate.
fn security(certificate: Vec<u8>) -> Security {
    let certificates = [certificate].into_iter().collect();
    let protocol = "TLSv1_3".to_owned();
    Security::new(Verification::Roots, protocol, String::new(), false, certificates)
}

/// Runs a mechanism as the connection does.
struct Run<M>(M);

impl<M: Mechanism> Run<M> {
    async fn begin(&mut self, facts: &Facts<'_>) -> Result<String, MechanismError> {
        self.0.begin(facts)?;
        assert!(!self.0.is_complete());
        poll_fn(|cx| self.0.poll_ready(cx)).await?;
        let initial = self.0.initial_response()?.expect("the client begins");
        Ok(text(initial.expose()))
    }

    async fn respond(&mut self, challenge: &[u8]) -> Result<String, MechanismError> {
        let challenge = STANDARD.encode(challenge);
        let challenge = Challenge::new(0, challenge.as_bytes());
        assert!(matches!(self.0.respond(challenge)?, Step::Wait));
        assert!(!self.0.is_complete(), "a step is under way");
        poll_fn(|cx| self.0.poll_ready(cx)).await?;
        match self.0.respond(challenge)? {
            Step::Respond(response) => Ok(text(response.expose())),
            Step::Wait => panic!("it was ready"),
        }
    }
}

fn facts(capabilities: &Capabilities) -> Facts<'_> {
    Facts::new("mail.example.test.", capabilities)
}

fn calls(heard: &Receiver<(String, ThreadId)>) -> Vec<String> {
    heard.try_iter().map(|(call, _)| call).collect()
}

#[tokio::test]
async fn gssapi_takes_no_layer_after_its_tokens() {
    let (open, heard) = contexts(&[FIRST, b"second", b""], true);
    let mut run = Run(Gssapi::new().acting_as("zoë").with_contexts(open));
    let none = Capabilities::none();
    // The header stays: only GS2 takes it off.
    assert_eq!(run.begin(&facts(&none)).await.as_deref(), Ok("`\\x08\\x06\\x01*token"));
    assert_eq!(run.respond(b"of the server").await.as_deref(), Ok("second"));
    assert!(!run.0.is_complete());
    assert_eq!(run.respond(b"its last").await.as_deref(), Ok(""));
    assert!(!run.0.is_complete(), "the server has offered no layer yet");
    let choice = run.respond(b"wrapped:\x07\x00\x10\x00").await;
    assert_eq!(choice.as_deref(), Ok("wrapped:\\x01\\x00\\x00\\x00zo\\xc3\\xab"));
    assert!(run.0.is_complete());
    assert_eq!(
        calls(&heard),
        [
            "open Kerberos smtp@mail.example.test",
            "step none",
            "step of the server",
            "step its last",
            "unwrap wrapped:\\x07\\x00\\x10\\x00",
            "wrap \\x01\\x00\\x00\\x00zo\\xc3\\xab",
        ]
    );
    let error = run.respond(b"more").await.expect_err("there is no more");
    assert!(error.to_string().contains("asks for more"), "{error}");
    assert!(!run.0.is_complete());
}

#[tokio::test]
async fn servers_that_break_the_exchange() {
    let table: &[(&str, &[&[u8]], &str, bool)] = &[
        ("a token that is refused", &[b"bad"], "a bad token", false),
        ("a token of an impostor", &[b"impostor"], "an impostor", true),
        ("a layer is demanded", &[b"t", b"wrapped:\x06\x00\x10\x00"], "security layer", false),
        ("a short offer", &[b"t", b"wrapped:\x01"], "has 1 bytes, and not 4", false),
        ("an offer that is not signed", &[b"t", b"\x01\x00\x00\x00"], "wrong signature", true),
    ];
    for (name, challenges, part, untrusted) in table {
        let (open, heard) = contexts(&[FIRST, b""], true);
        let mut run = Run(Gssapi::new().with_contexts(open));
        run.begin(&facts(&Capabilities::none())).await.expect(name);
        let (last, earlier) = challenges.split_last().expect("a challenge");
        for challenge in earlier {
            run.respond(challenge).await.expect(name);
        }
        let error = run.respond(last).await.expect_err(name);
        assert!(error.to_string().contains(part), "{name}: {error}");
        assert_eq!(error.is_untrusted(), *untrusted, "{name}: {error}");
        assert!(!run.0.is_complete(), "{name}");
        let calls = calls(&heard);
        assert!(!calls.iter().any(|call| call.starts_with("wrap")), "{name}: {calls:?}");
        assert_eq!(calls.last().map(String::as_str), Some("drop"), "{name}: {calls:?}");
        let again = run.respond(b"t").await.expect_err(name);
        assert!(again.to_string().contains("asks for more"), "{name}: {again}");
    }

    let (open, _heard) = contexts(&[FIRST, b""], true);
    let mut run = Run(Gssapi::new().with_contexts(open));
    run.begin(&facts(&Capabilities::none())).await.expect("a token");
    let error = run.0.respond(Challenge::new(0, b"?")).expect_err("no base64");
    assert!(error.to_string().contains("not base64"), "{error}");
}

/// NTLM inside of SPNEGO is such a mechanism.
#[tokio::test]
async fn a_context_without_mutual_authentication_is_no_login() {
    for tokens in [&[FIRST, b""][..], &[FIRST]] {
        let (open, _heard) = contexts(tokens, false);
        let mut run = Run(Spnego::new().with_contexts(open));
        let none = Capabilities::none();
        let error = match run.begin(&facts(&none)).await {
            Ok(_) => run.respond(b"t").await.expect_err("no proof"),
            Err(error) => error,
        };
        assert!(error.is_untrusted(), "{error}");
        assert!(error.to_string().contains("does not prove who the server is"), "{error}");
        assert!(!run.0.is_complete());
    }
}

#[tokio::test]
async fn gs2_takes_the_header_off_and_binds_its_own() {
    let (certificate, hash) = certificate();
    let (both, bare) = (offers("GS2-KRB5 GS2-KRB5-PLUS"), offers("GS2-KRB5"));
    let (exporter, security) = (Exporter::new(Secret::from("0123")), security(certificate));
    let tls = |offers| facts(offers).with_exporter(&exporter).with_security(&security);
    let gs2 = |binding| Gs2Krb5::new().channel_binding(binding);
    let (required, end_point) = (ChannelBinding::Required, ChannelBinding::ServerEndPoint);
    let (plain, plus) = ("GS2-KRB5", "GS2-KRB5-PLUS");
    let named = Gs2Krb5::new().acting_as("a,b=c");
    let bound_to_it = format!("p=tls-server-end-point,,{hash}");
    let table = [
        (Gs2Krb5::new(), facts(&bare), FIRST, plain, "n,,token", "n,,"),
        (Gs2Krb5::new(), facts(&bare), b"raw", plain, "F,n,,raw", "n,,"),
        (named, facts(&bare), FIRST, plain, "n,a=a=2Cb=3Dc,token", "n,a=a=2Cb=3Dc,"),
        // The server does not say that it can bind, and the client could.
        (Gs2Krb5::new(), tls(&bare), FIRST, plain, "y,,token", "y,,"),
        (gs2(ChannelBinding::Off), tls(&both), FIRST, plain, "n,,token", "n,,"),
        (gs2(end_point), tls(&both), FIRST, plus, "p=tls-server-end-point,,token", &bound_to_it),
        (Gs2Krb5::new(), tls(&both), FIRST, plus, "p=tls-exporter,,token", "p=tls-exporter,,0123"),
    ];
    for (mechanism, facts, first, name, initial, bindings) in table {
        let (open, heard) = contexts(&[first, b""], true);
        let mut run = Run(mechanism.with_contexts(open));
        assert_eq!(run.begin(&facts).await.as_deref(), Ok(initial));
        assert_eq!(run.0.name(), name, "{initial}");
        assert!(!run.0.is_complete(), "{initial}");
        assert_eq!(run.respond(b"proof").await.as_deref(), Ok(""), "{initial}");
        assert!(run.0.is_complete(), "{initial}");
        let steps = ["none", "proof"].map(|token| format!("step {token} bound to {bindings}"));
        assert_eq!(calls(&heard)[1..], steps, "{initial}");
        let error = run.respond(b"more").await.expect_err("there is no layer");
        assert!(error.to_string().contains("asks for more"), "{initial}: {error}");
    }

    let (open, _heard) = contexts(&[FIRST, b""], true);
    let mut run = Run(gs2(required).with_contexts(open));
    let error = run.begin(&tls(&bare)).await.expect_err("it cannot be bound");
    assert!(error.to_string().contains("does not offer GS2-KRB5-PLUS"), "{error}");
}

/// A certificate, and the hash of its channel binding.
fn certificate() -> (Vec<u8>, String) {
    let table = include_str!("../end_point/certificates.txt");
    let row = table.lines().find(|row| row.starts_with("ecdsa_sha256 ")).expect("a row");
    let mut fields = row.split(' ').skip(1);
    let mut next = || fields.next().expect("a field");
    let (hash, certificate) = (next(), next());
    let byte = |pair| u8::from_str_radix(&hash[pair..pair + 2], 16).expect("hex");
    let hash: Vec<u8> = (0..hash.len()).step_by(2).map(byte).collect();
    (STANDARD.decode(certificate).expect("base64"), text(&hash))
}

#[tokio::test]
async fn spnego_binds_to_the_certificate_and_takes_an_offer_of_layers() {
    let none = Capabilities::none();
    let (certificate, hash) = certificate();
    let tls = security(certificate);
    let table = [
        (Spnego::new(), format!("step none bound to tls-server-end-point:{hash}")),
        (Spnego::new().without_channel_binding(), "step none".to_owned()),
    ];
    for (mechanism, step) in table {
        let (open, heard) = contexts(&[FIRST, b""], true);
        let mut run = Run(mechanism.with_contexts(open));
        run.begin(&facts(&none).with_security(&tls)).await.expect("a token");
        assert_eq!(calls(&heard)[1], step);
    }

    let (open, heard) = contexts(&[FIRST, b""], true);
    let mut run = Run(Spnego::new().service_host("other.example").with_contexts(open));
    run.begin(&facts(&none)).await.expect("a token");
    assert_eq!(run.respond(b"proof").await.as_deref(), Ok(""));
    assert!(run.0.is_complete(), "the server has proved who it is");
    let choice = run.respond(b"wrapped:\x01\xff\xff\xff").await;
    assert_eq!(choice.as_deref(), Ok("wrapped:\\x01\\x00\\x00\\x00"));
    assert!(run.0.is_complete());
    assert_eq!(calls(&heard)[..2], ["open Spnego smtp@other.example", "step none"]);
}

#[tokio::test]
async fn names_that_are_no_host() {
    for host in ["", ".", "a@b", "a/b", "a b", "a\nb", "a\0b", "a\\b"] {
        let (open, heard) = contexts(&[FIRST], true);
        let mut run = Run(Gssapi::new().service_host(host).with_contexts(open));
        let error = run.begin(&facts(&Capabilities::none())).await.expect_err(host);
        assert!(error.to_string().contains("is no host of a service"), "{host:?}: {error}");
        assert_eq!(calls(&heard), [""; 0], "{host:?}");
    }
    let (open, _heard) = contexts(&[FIRST], true);
    let mut run = Run(Gssapi::new().acting_as("a\0b").with_contexts(open));
    let error = run.begin(&facts(&Capabilities::none())).await.expect_err("a NUL");
    assert!(error.to_string().contains("a name holds a NUL"), "{error}");
}

#[tokio::test]
async fn an_exchange_may_begin_again() {
    let (open, heard) = contexts(&[FIRST, b""], true);
    let mut run = Run(Gssapi::new().with_contexts(open));
    let none = Capabilities::none();
    for _ in 0..2 {
        run.begin(&facts(&none)).await.expect("a token");
        run.respond(b"proof").await.expect("a token");
        run.respond(b"wrapped:\x01\x00\x00\x00").await.expect("the choice");
        assert!(run.0.is_complete());
    }
    let opened = calls(&heard).iter().filter(|call| call.starts_with("open")).count();
    assert_eq!(opened, 2);
}

#[tokio::test]
async fn steps_run_on_other_threads() {
    let (open, heard) = contexts(&[FIRST, b""], true);
    let mut run = Run(Gssapi::new().with_contexts(open));
    run.begin(&facts(&Capabilities::none())).await.expect("a token");
    run.respond(b"proof").await.expect("a token");
    run.respond(b"wrapped:\x01\x00\x00\x00").await.expect("the choice");
    let own = thread::current().id();
    let threads: Vec<_> = heard.try_iter().collect();
    assert!(threads.len() >= 5, "{threads:?}");
    assert!(threads.iter().all(|(_, id)| *id != own), "{threads:?}");
}

#[tokio::test]
async fn a_step_that_panics_is_an_error() {
    let (open, _heard) = contexts(&[FIRST, b""], true);
    let mut run = Run(Gssapi::new().with_contexts(open));
    run.begin(&facts(&Capabilities::none())).await.expect("a token");
    let error = run.respond(b"panic").await.expect_err("it panics");
    assert!(error.to_string().contains("could not be run: it has panicked"), "{error}");
    assert!(!run.0.is_complete());
}

#[test]
fn without_a_runtime_a_step_is_an_error() {
    let (open, heard) = contexts(&[FIRST], true);
    let mut mechanism = Gssapi::new().with_contexts(open);
    mechanism.begin(&facts(&Capabilities::none())).expect("it begins");
    let ready = mechanism.poll_ready(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = ready else { panic!("{ready:?}") };
    assert!(error.to_string().contains("it takes a runtime of tokio"), "{error}");
    assert_eq!(calls(&heard), [""; 0]);
}

/// The context of an abandoned step is dropped on the thread that runs it.
#[tokio::test]
async fn a_mechanism_that_is_dropped_does_not_wait() {
    let (release, held) = channel::<()>();
    let (played, heard) = contexts(&[FIRST], true);
    let held = Mutex::new(held);
    let open: Open = Arc::new(move |inner, service: &str| {
        let context = played(inner, service);
        // The library waits for the KDC.
        let _ = held.lock().expect("no panic").recv();
        context
    });
    let mut mechanism = Gssapi::new().with_contexts(open);
    mechanism.begin(&facts(&Capabilities::none())).expect("it begins");
    let mut context = Context::from_waker(Waker::noop());
    assert!(mechanism.poll_ready(&mut context).is_pending());
    assert!(mechanism.poll_ready(&mut context).is_pending());
    assert!(format!("{mechanism:?}").contains("runs a step"), "{mechanism:?}");
    drop(mechanism);
    drop(release);
    let calls: Vec<_> = heard.iter().collect();
    let (last, id) = calls.last().expect("a call");
    assert_eq!(last, "drop", "{calls:?}");
    assert_ne!(*id, thread::current().id());
}
