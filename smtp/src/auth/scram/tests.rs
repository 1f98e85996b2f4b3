//! The samples of the RFCs, and servers that lie.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Wake, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_grammar::{Capabilities, Reply, ReplyCode};

use super::*;
use crate::state::Exporter;

/// Runs a mechanism as the connection does, against a server that says these things.
struct Run<H: ScramHash> {
    scram: Scram<H>,
    polls: usize,
}

impl<H: ScramHash> Run<H> {
    fn new(scram: Scram<H>) -> Self {
        Self { scram, polls: 0 }
    }

    fn begin(&mut self, offers: &str, exporter: &Exporter) -> Result<String, MechanismError> {
        let offers = [&*format!("AUTH {offers}")];
        let lines = ["mail.example.test"].iter().chain(&offers);
        let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
        let security = crate::state::Security::new(
            crate::state::Verification::Roots,
            "TLSv1_3".to_owned(),
            String::new(),
            false,
            std::iter::empty::<&[u8]>().collect(),
        );
        let facts = Facts::new("mail.example.test", &capabilities)
            .with_security(&security)
            .with_exporter(exporter);
        self.scram.begin(&facts)?;
        let first = self.scram.initial_response()?.expect("SCRAM speaks first");
        Ok(String::from_utf8_lossy(first.expose()).into_owned())
    }

    fn respond(&mut self, index: usize, challenge: &str) -> Result<String, MechanismError> {
        let text = STANDARD.encode(challenge);
        let challenge = Challenge::new(index, text.as_bytes());
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match self.scram.respond(challenge)? {
                Step::Respond(response) => {
                    return Ok(String::from_utf8_lossy(response.expose()).into_owned());
                }
                Step::Wait => loop {
                    self.polls += 1;
                    if let Poll::Ready(ready) = self.scram.poll_ready(&mut cx) {
                        ready?;
                        break;
                    }
                },
            }
        }
    }
}

/// A whole exchange, in the samples' nonce.
struct Sample {
    client_first: &'static str,
    server_first: &'static str,
    client_final: &'static str,
    server_final: &'static str,
}

fn plays<H: ScramHash>(scram: Scram<H>, offers: &str, exporter: &Exporter, sample: &Sample) {
    let name = format!("{scram:?}");
    let mut run = Run::new(scram);
    assert_eq!(run.begin(offers, exporter).as_deref(), Ok(sample.client_first), "{name}");
    let client_final = run.respond(0, sample.server_first);
    assert_eq!(client_final.as_deref(), Ok(sample.client_final), "{name}");
    assert!(!run.scram.is_complete(), "{name}");
    assert_eq!(run.respond(1, sample.server_final).as_deref(), Ok(""), "{name}");
    assert!(run.scram.is_complete(), "{name}");
    let debug = format!("{:?}", run.scram);
    assert!(!debug.contains("pencil"), "{debug}");
}

const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const SERVER_FIRST: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                            s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

fn scram<H: ScramHash>() -> Scram<H> {
    Scram::new("user", "pencil").with_nonce(NONCE)
}

/// The bytes 00 to 1f.
fn exporter() -> Exporter {
    Exporter::new(Secret::from((0..32).collect::<Vec<u8>>()))
}

/// RFC 5802 §5, RFC 7677 §3, and the sample of SCRAM-SHA-512 that servers use.
#[test]
fn samples() {
    let none = Exporter::unavailable();
    plays(
        Scram::<Sha1>::new("user", "pencil").with_nonce("fyko+d2lbbFgONRv9qkxdawL"),
        "SCRAM-SHA-1",
        &none,
        &Sample {
            client_first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
            server_first: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,\
                           s=QSXCR+Q6sek8bf92,i=4096",
            client_final: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,\
                           p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
            server_final: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
        },
    );
    plays(
        scram::<Sha256>(),
        "SCRAM-SHA-256",
        &none,
        &Sample {
            client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            server_first: SERVER_FIRST,
            client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                           p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            server_final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        },
    );
    plays(
        scram::<Sha512>(),
        "SCRAM-SHA-512",
        &none,
        &Sample {
            client_first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            server_first: "r=rOprNGfwEbeRWgbNEkqO02431b08-2f89-4bad-a4e6-80c0564ec865,\
                           s=Yin2FuHTt/M0kJWb0t9OI32n2VmOGi3m+JfjOvuDF88=,i=4096",
            client_final: "c=biws,r=rOprNGfwEbeRWgbNEkqO02431b08-2f89-4bad-a4e6-80c0564ec865,\
                           p=Hc5yec3NmCD7t+kFRw4/3yD6/F3SQHc7AVYschRja+Bc3sbdjlA0eH1OjJc0DD4ghn1t\
                           nXN5/Wr6qm9xmaHt4A==",
            server_final: "v=BQuhnKHqYDwQWS5jAw4sZed+C9KFUALsbrq81bB0mh+bcUUbbMPNNmBIupnS2AmyyDnG5C\
                           TBQtkjJ9kyY4kzmw==",
        },
    );
}

/// Bound with the bytes 00 to 1f, by the mechanism that the server offers.
#[test]
fn bound() {
    let sample = |client_final, server_final| Sample {
        client_first: "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        server_first: SERVER_FIRST,
        client_final,
        server_final,
    };
    plays(
        scram::<Sha256>(),
        "SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
        &exporter(),
        &sample(
            "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
            "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=",
        ),
    );
    plays(
        scram::<Sha1>(),
        "SCRAM-SHA-1-PLUS",
        &exporter(),
        &sample(
            "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=/QKgZNBHelOsjZPTvucb5s4VtQE=",
            "v=tK3UShY5jkJWC9Q52aNEU6Ba6Is=",
        ),
    );
    plays(
        scram::<Sha512>(),
        "SCRAM-SHA-512-PLUS",
        &exporter(),
        &sample(
            "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=jVaGV/PIJ7hgkpxV9a1jdpzyYkHQH9gW6fn3DbAL2oEA+5w4CCSJjoq8G37bn2FsGaVEMsk4kiHRqMUoN/\
             aiiA==",
            "v=bTvxua5nsJsvSd2bk+1WbSe84MBgjkACQPOqiN7MhTBLYxVX2QUqwET2NLcZEv2CfexR6NbAMluKltOEs5v\
             LYw==",
        ),
    );
}

/// Bound to a certificate whose hash has the bytes 00 to 1f.
#[test]
fn bound_to_the_certificate() {
    let mut run = Run::new(scram::<Sha256>());
    run.scram.chosen = Some(Chosen::EndPoint(Secret::from((0..32).collect::<Vec<u8>>())));
    assert_eq!(run.scram.name(), "SCRAM-SHA-256-PLUS");
    let first = run.scram.initial_response().expect("a nonce").expect("SCRAM speaks first");
    assert_eq!(first.expose(), b"p=tls-server-end-point,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let client_final = "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\
                        Hh8=,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=nY1Wus9a+gM2DrbQ1msXFgyhW6KM5ktOxWiU+/P/EGY=";
    assert_eq!(run.respond(0, SERVER_FIRST).as_deref(), Ok(client_final));
    let server_final = "v=RwppMGddhz/J0lFYaRReBjXcQeNUFP5Qc76Lo5Exrig=";
    assert_eq!(run.respond(1, server_final).as_deref(), Ok(""));
    assert!(run.scram.is_complete());
}

/// A server that does not offer -PLUS is told that the client could; another user is named.
#[test]
fn not_offered_and_acting_as_another() {
    plays(
        scram::<Sha256>(),
        "SCRAM-SHA-256",
        &exporter(),
        &Sample {
            client_first: "y,,n=user,r=rOprNGfwEbeRWgbNEkqO",
            server_first: SERVER_FIRST,
            client_final: "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                           p=FoqiHTtQEDE8lz1CdaEe3tK4mS+iMDTl77SPyDS53DY=",
            server_final: "v=dI4KpiQJwBr1+V+K6U1dA6l6I4I9DUNXWND4pcpRU3U=",
        },
    );
    plays(
        Scram::<Sha256>::new("us=er,x", "pencil").acting_as("adm=in").with_nonce(NONCE),
        "SCRAM-SHA-256",
        &Exporter::unavailable(),
        &Sample {
            client_first: "n,a=adm=3Din,n=us=3Der=2Cx,r=rOprNGfwEbeRWgbNEkqO",
            server_first: SERVER_FIRST,
            client_final: "c=bixhPWFkbT0zRGluLA==,\
                           r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                           p=QS7H5nnti+r53d0HWMoOaV/MUkWyhLsCtwIMnk7RZ+8=",
            server_final: "v=/OYtFmqRjZIXcf03DtrZfmAjtMkumaNlLX0FizRRpdU=",
        },
    );
}

#[test]
fn the_flag_says_what_the_client_can() {
    use ChannelBinding::{Automatic, Off, Required};
    let both = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";
    let table = [
        (Automatic, true, both, Ok(("SCRAM-SHA-256-PLUS", "p=tls-exporter,,"))),
        (Automatic, true, "SCRAM-SHA-256", Ok(("SCRAM-SHA-256", "y,,"))),
        (Automatic, false, both, Ok(("SCRAM-SHA-256", "n,,"))),
        (Off, true, both, Ok(("SCRAM-SHA-256", "n,,"))),
        (Required, true, both, Ok(("SCRAM-SHA-256-PLUS", "p=tls-exporter,,"))),
        (Required, true, "SCRAM-SHA-256", Err("the server does not offer SCRAM-SHA-256-PLUS")),
        (Required, false, both, Err("the connection has no channel binding: ")),
    ];
    for (binding, can, offers, expected) in table {
        let exporter = if can { exporter() } else { Exporter::unavailable() };
        let mut run = Run::new(scram::<Sha256>().channel_binding(binding));
        match (run.begin(offers, &exporter), expected) {
            (Ok(first), Ok((name, header))) => {
                assert_eq!(run.scram.name(), name, "{binding:?} {can} {offers}");
                assert!(first.starts_with(header), "{binding:?} {can} {offers}: {first}");
            }
            (Err(error), Err(expected)) => assert!(error.to_string().starts_with(expected)),
            (got, expected) => panic!("{binding:?} {can} {offers}: {got:?}, {expected:?}"),
        }
    }
    // The value is handed out once: a second authentication takes a new connection (RFC 9266).
    let exporter = exporter();
    let mut first = Run::new(scram::<Sha256>());
    first.begin(both, &exporter).expect("the first");
    // One that the server refused before it used the value leaves it to the next.
    let mut first = Run::new(scram::<Sha256>());
    first.begin(both, &exporter).expect("the first");
    first.respond(0, SERVER_FIRST).expect("a proof");
    let mut second = Run::new(scram::<Sha256>());
    second.begin(both, &exporter).expect_err("the second");
}

/// A server that lies is found out, and success is never claimed.
#[test]
fn lies() {
    let nonce = "rOprNGfwEbeRWgbNEkqOx";
    let first = |text: &str| text.replace("NONCE", nonce);
    let table = [
        ("r=other,s=c2FsdA==,i=4096", "nonce"),
        ("r=rOprNGfwEbeRWgbNEkqO,s=c2FsdA==,i=4096", "nonce"),
        ("r=NONCE,s=c2FsdA==,i=0", "none of SCRAM"),
        ("r=NONCE,s=c2FsdA==,i=1", "asks for 1 iterations"),
        ("r=NONCE,s=c2FsdA==,i=4095", "asks for 4095 iterations"),
        ("r=NONCE,s=c2FsdA==,i=1000001", "more iterations than the limit"),
        ("r=NONCE,s=c2FsdA==,i=2147483648", "more iterations than the limit"),
        ("r=NONCE,s=c2FsdA==,i=999999999999999999999999999999", "more iterations"),
        ("r=NONCE,s=c2FsdA==,i=+4096", "none of SCRAM"),
        ("r=NONCE,s=c2FsdA==,i=04096", "none of SCRAM"),
        ("r=NONCE,s=c2FsdA==,i=0x1000", "none of SCRAM"),
        ("r=NONCE,s=c2FsdA==,i=", "none of SCRAM"),
        ("r=NONCE,s=c2FsdA==", "none of SCRAM"),
        ("r=NONCE,s=,i=4096", "none of SCRAM"),
        ("r=NONCE,s=c2FsdA,i=4096", "none of SCRAM"),
        ("s=c2FsdA==,r=NONCE,i=4096", "none of SCRAM"),
        ("m=x,r=NONCE,s=c2FsdA==,i=4096", "extension"),
        ("", "none of SCRAM"),
    ];
    for (text, expected) in table {
        let mut run = Run::new(scram::<Sha256>());
        run.begin("SCRAM-SHA-256", &Exporter::unavailable()).expect("it begins");
        let error = run.respond(0, &first(text)).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
        assert!(!run.scram.is_complete(), "{text}");
        run.respond(1, "v=eA==").expect_err("it has failed");
        assert!(!run.scram.is_complete(), "{text}");
    }
    let proof = STANDARD.decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").expect("base64");
    let mut wrong: Vec<String> = (0..proof.len() * 8)
        .map(|bit| {
            let mut proof = proof.clone();
            proof[bit / 8] ^= 1 << (bit % 8);
            format!("v={}", STANDARD.encode(proof))
        })
        .collect();
    let cut = format!("v={}", STANDARD.encode(&proof[..31]));
    wrong.extend(["e=invalid-proof".into(), "v=".into(), String::new(), "v=x".into(), cut]);
    for text in &wrong {
        let mut run = Run::new(scram::<Sha256>().iterations(1..=4096));
        run.begin("SCRAM-SHA-256", &Exporter::unavailable()).expect("it begins");
        let first = SERVER_FIRST.replace("i=4096", "i=1");
        run.respond(0, &first).expect("a proof");
        run.respond(1, text).expect_err(text);
        assert!(!run.scram.is_complete(), "{text}");
    }
}

/// Extensions that follow are ignored, and a mechanism may be used again.
#[test]
fn extensions_and_a_second_exchange() {
    let mut run = Run::new(Scram::<Sha256>::new("user", "pencil"));
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let first = run.begin("SCRAM-SHA-256", &Exporter::unavailable()).expect("it begins");
        let nonce = first.rsplit_once("r=").expect("a nonce").1.to_owned();
        assert!(nonce.len() >= 24 && !nonce.contains(','), "{nonce}");
        let server = format!("r={nonce}more,s=c2FsdA==,i=4096,x=unknown");
        let last = run.respond(0, &server).expect("a proof");
        assert!(last.contains(&format!("r={nonce}more,p=")), "{last}");
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

/// No poll computes more than a slice, however much the server asks for.
#[test]
fn work_comes_in_slices() {
    let mut run = Run::new(scram::<Sha1>().iterations(1..=10_000));
    run.begin("SCRAM-SHA-1", &Exporter::unavailable()).expect("it begins");
    run.respond(0, &SERVER_FIRST.replace("i=4096", "i=10000")).expect("a proof");
    assert_eq!(run.polls, 9_999_usize.div_ceil(SLICE as usize));
}

/// Each slice of the most rounds that are allowed is small, and wakes the task for the next one.
#[test]
fn a_million_rounds_are_many_small_slices() {
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    let mut run = Run::new(scram::<Sha256>());
    run.begin("SCRAM-SHA-256", &Exporter::unavailable()).expect("it begins");
    let text = STANDARD.encode(SERVER_FIRST.replace("i=4096", "i=1000000"));
    let step = run.scram.respond(Challenge::new(0, text.as_bytes())).expect("a challenge");
    assert!(matches!(step, Step::Wait), "{step:?}");
    let left = |scram: &Scram<Sha256>| match &scram.state {
        State::Computing(exchange) => exchange.left(),
        _ => panic!("{scram:?}"),
    };
    // The first round is computed with the challenge.
    assert_eq!(left(&run.scram), 999_999);
    let woken = Arc::new(Woken(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    for slice in 1..=5 {
        let before = left(&run.scram);
        let poll = run.scram.poll_ready(&mut Context::from_waker(&waker));
        assert!(poll.is_pending(), "slice {slice}: {poll:?}");
        assert_eq!((before - left(&run.scram), woken.0.load(Relaxed)), (256, slice));
    }
}

/// Against a computation that has nothing in common with this one.
#[test]
fn the_salted_password_is_that_of_pbkdf2() {
    use super::pbkdf2::Pbkdf2;
    fn salted<H: ScramHash>(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
        let mut work = Pbkdf2::<H>::new(password, salt, rounds);
        while !work.compute(7) {}
        work.finish().to_vec()
    }
    for rounds in [1, 2, 7, 8, 100] {
        for (password, salt) in [("pencil", "salt"), ("", "x"), (&*"p".repeat(300), "a salt")] {
            let (password, salt) = (password.as_bytes(), salt.as_bytes());
            let expected = ::pbkdf2::pbkdf2_hmac_array::<sha1::Sha1, 20>(password, salt, rounds);
            assert_eq!(salted::<Sha1>(password, salt, rounds), expected);
            let expected = ::pbkdf2::pbkdf2_hmac_array::<sha2::Sha256, 32>(password, salt, rounds);
            assert_eq!(salted::<Sha256>(password, salt, rounds), expected);
            let expected = ::pbkdf2::pbkdf2_hmac_array::<sha2::Sha512, 64>(password, salt, rounds);
            assert_eq!(salted::<Sha512>(password, salt, rounds), expected);
        }
    }
}

/// The salted passwords of RFC 5802 §5 and RFC 7677 §3.
#[test]
fn salted_passwords() {
    fn salted<H: ScramHash>(salt: &str) -> String {
        let salt = STANDARD.decode(salt).expect("base64");
        let salted = pbkdf2::Pbkdf2::<H>::new(b"pencil", &salt, 4096).finish();
        salted.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }
    assert_eq!(salted::<Sha1>("QSXCR+Q6sek8bf92"), "1d96ee3a529b5a5f9e47c01f229a2cb8a6e15f7d");
    assert_eq!(
        salted::<Sha256>("W22ZaJ0SNY7soEsUEjb6gQ=="),
        "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d"
    );
}
