//! A server that knows the account, in a thread of its own, and how it behaves.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::needles::{
    ITERATIONS, REALM, SALT, SECRET, SEED, SEQUENCE, USER, add_late, mac, ntlm_key,
};

/// The way in which an exchange ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// 235.
    Accepted,
    /// 535 after the whole exchange.
    Refused,
    /// 504 to AUTH.
    Unknown,
    /// A challenge that is none.
    Nonsense,
    /// A proof of another server.
    Lie,
    /// The connection closes after the first challenge.
    Closed,
    /// The caller drops the call after so many polls.
    Dropped(usize),
}

/// Listens for one session, inside TLS where there is a configuration, with a mechanism that ends
/// in this way. `+` separates the names of mechanisms and a variant, such as the reply with which the
/// first AUTH is refused.
pub fn start(
    tls: Option<&Arc<ServerConfig>>,
    mechanism: &'static str,
    end: End,
) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let tls = tls.cloned();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        stream.set_nodelay(true).expect("a socket");
        // A client that goes away ends the session.
        let _ = serve(stream, tls, mechanism, end);
    });
    (address, thread)
}

type Ended = Option<()>;

fn serve(
    mut stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    mechanism: &str,
    end: End,
) -> Ended {
    let (mechanism, variant) = mechanism.split_once('+').unwrap_or((mechanism, ""));
    let Some(config) = tls else {
        return Session::new(stream, end, variant, &[]).serve(mechanism);
    };
    let mut connection = ServerConnection::new(config).ok()?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).ok()?;
    }
    let (label, context) = (b"EXPORTER-Channel-Binding", Some(&b""[..]));
    let binding = connection.export_keying_material([0; 32], label, context).ok()?;
    add_late("the channel binding", &binding);
    Session::new(StreamOwned::new(connection, stream), end, variant, &binding).serve(mechanism)
}

struct Session<'a, S> {
    reader: BufReader<S>,
    end: End,
    variant: &'a str,
    /// The value of `tls-exporter`.
    binding: &'a [u8],
    challenges: usize,
}

impl<'a, S: Read + Write> Session<'a, S> {
    fn new(stream: S, end: End, variant: &'a str, binding: &'a [u8]) -> Self {
        Self { reader: BufReader::new(stream), end, variant, binding, challenges: 0 }
    }

    fn say(&mut self, text: &str) -> Ended {
        let stream = self.reader.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes()).ok()?;
        stream.flush().ok()
    }

    fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        self.reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        Some(line.trim_end().to_owned())
    }

    /// Sends a challenge, and hears the answer.
    fn ask(&mut self, challenge: &[u8]) -> Option<Vec<u8>> {
        self.challenges += 1;
        match self.end {
            End::Closed if self.challenges > 1 => return None,
            End::Nonsense => self.say("334 =not base64=")?,
            _ => self.say(&format!("334 {}", STANDARD.encode(challenge)))?,
        }
        let answer = self.hear()?;
        if answer == "*" {
            self.say("501 5.7.0 cancelled")?;
            self.hear();
            return None;
        }
        STANDARD.decode(answer).ok()
    }

    fn serve(&mut self, mechanisms: &str) -> Ended {
        self.say("220 mail.example.test")?;
        self.hear()?;
        self.say(&format!("250-mail.example.test\r\n250 AUTH {mechanisms}"))?;
        let mut auth = self.hear()?;
        if self.variant.starts_with('5') {
            self.say(self.variant)?;
            auth = self.hear()?;
        }
        let mechanism = auth.split(' ').nth(1)?;
        let initial = auth.split(' ').nth(2).and_then(|text| STANDARD.decode(text).ok());
        if self.end == End::Unknown {
            self.say("504 5.5.4 unknown")?;
        } else {
            self.exchange(mechanism, initial)?;
            match self.end {
                End::Closed => return None,
                End::Accepted | End::Dropped(_) => self.say("235 2.7.0 welcome")?,
                _ => self.say("535 5.7.8 no")?,
            }
        }
        while self.hear().is_some() {
            self.say("250 ok")?;
        }
        None
    }

    fn exchange(&mut self, mechanism: &str, initial: Option<Vec<u8>>) -> Ended {
        let is_accepted = matches!(self.end, End::Accepted | End::Dropped(_));
        let mechanism = mechanism.trim_end_matches("-PLUS");
        let server_first = ["LOGIN", "CRAM-MD5", "DIGEST-MD5", "NTLM"].contains(&mechanism);
        let initial = match initial {
            Some(initial) => initial,
            None if server_first => Vec::new(),
            // One that does not fit into the line of AUTH is sent when it is asked for.
            None => self.ask(b"")?,
        };
        match mechanism {
            "LOGIN" => {
                if initial.is_empty() {
                    self.ask(b"Username:")?;
                }
                self.ask(b"Password:").map(drop)
            }
            "CRAM-MD5" => self.ask(b"<1896.697170952@example.test>").map(drop),
            "DIGEST-MD5" => self.digest_md5(),
            "OTP" => {
                let hash = if self.variant.is_empty() { "md5" } else { self.variant };
                self.ask(format!("otp-{hash} {SEQUENCE} {SEED} ext").as_bytes()).map(drop)
            }
            "NTLM" => self.ntlm(),
            "XOAUTH2" | "OAUTHBEARER" if !is_accepted => self.ask(br#"{"status":"401"}"#).map(drop),
            "SCRAM-SHA-1" => self.scram::<sha1::Sha1>(&initial),
            "SCRAM-SHA-224" => self.scram::<sha2::Sha224>(&initial),
            "SCRAM-SHA-256" => self.scram::<sha2::Sha256>(&initial),
            "SCRAM-SHA-384" => self.scram::<sha2::Sha384>(&initial),
            "SCRAM-SHA-512" => self.scram::<sha2::Sha512>(&initial),
            _ => Some(()),
        }
    }

    /// Its proof is right only where the client is accepted.
    fn scram<D: hmac::EagerHash + sha2::Digest>(&mut self, initial: &[u8]) -> Ended
    where
        hmac::Hmac<D>: hmac::digest::KeyInit + hmac::digest::Mac,
    {
        let first = String::from_utf8_lossy(initial).into_owned();
        let (header, bare) = first.split_at(first.find("n=")?);
        let nonce = bare.split_once("r=")?.1;
        let server = format!("r={nonce}server,s={},i={ITERATIONS}", STANDARD.encode(SALT));
        let last = String::from_utf8(self.ask(server.as_bytes())?).ok()?;
        let without_proof = last.split_once(",p=")?.0;
        if header.starts_with("p=tls-exporter,") {
            let expected = STANDARD.encode([header.as_bytes(), self.binding].concat());
            assert!(without_proof.starts_with(&format!("c={expected},")), "another binding");
        }
        let message = format!("{bare},{server},{without_proof}");
        let mut salted = vec![0; <D as sha2::Digest>::output_size()];
        pbkdf2::pbkdf2_hmac::<D>(SECRET.as_bytes(), SALT, ITERATIONS, &mut salted);
        // With the proof, which the client has sent, it gives the client's key.
        let stored = <D as sha2::Digest>::digest(mac::<D>(&salted, b"Client Key"));
        add_late("the client's signature", &mac::<D>(&stored, message.as_bytes()));
        let mut proof = mac::<D>(&mac::<D>(&salted, b"Server Key"), message.as_bytes());
        if self.end == End::Lie {
            proof[0] ^= 1;
        }
        if self.end == End::Refused {
            return Some(());
        }
        self.ask(format!("v={}", STANDARD.encode(proof)).as_bytes()).map(drop)
    }

    fn digest_md5(&mut self) -> Ended {
        let challenge = format!(
            "realm=\"{REALM}\",nonce=\"OA6MG9tEQGm2hh\",qop=\"auth\",charset=utf-8,algorithm=md5-sess"
        );
        let answer = String::from_utf8(self.ask(challenge.as_bytes())?).ok()?;
        let field = |name: &str| {
            let (_, rest) = answer.split_once(&format!("{name}="))?;
            Some(rest.split(',').next()?.trim_matches('"').to_owned())
        };
        let (cnonce, uri) = (field("cnonce")?, field("digest-uri")?);
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        // The variant is the end of the password. Latin-1 is hashed where it can be.
        let end = match self.variant {
            "\u{e9}" => b"\xe9",
            other => other.as_bytes(),
        };
        let identity = [format!("{USER}:{REALM}:{SECRET}").as_bytes(), end].concat();
        let mut first = Md5::digest(identity).to_vec();
        add_late("the first hash of DIGEST-MD5", &first);
        first.extend_from_slice(format!(":OA6MG9tEQGm2hh:{cnonce}").as_bytes());
        let first = Md5::digest(&first);
        add_late("the hash A1 of DIGEST-MD5", &first);
        if self.end == End::Refused {
            return Some(());
        }
        let (first, second) = (hex(&first), hex(&Md5::digest(format!(":{uri}"))));
        let whole = format!("{first}:OA6MG9tEQGm2hh:00000001:{cnonce}:auth:{second}");
        let proof = if self.end == End::Lie { String::from("0") } else { hex(&Md5::digest(whole)) };
        self.ask(format!("rspauth={proof}").as_bytes()).map(drop)
    }

    fn ntlm(&mut self) -> Ended {
        let negotiate = self.ask(b"ntlm supported")?;
        let challenge = ntlm_challenge(self.variant == "MIC");
        let mut answer = self.ask(&challenge)?;
        // NTProofStr, the begin of NtChallengeResponse (MS-NLMP 2.2.1.3).
        let at = u32::from_le_bytes(answer.get(24..28)?.try_into().ok()?) as usize;
        let key = mac::<Md5>(&ntlm_key(), answer.get(at..at + 16)?);
        add_late("the session key of NTLM", &key);
        if self.variant == "MIC" {
            let mic = answer.get(72..88)?.to_vec();
            answer[72..88].fill(0);
            assert_eq!(mac::<Md5>(&key, &[negotiate, challenge, answer].concat()), mic, "the MIC");
        }
        Some(())
    }
}

/// A `CHALLENGE_MESSAGE` (MS-NLMP 2.2.1.2). A server that tells its time asks for a MIC.
fn ntlm_challenge(with_time: bool) -> Vec<u8> {
    // MsvAvTimestamp, and MsvAvEOL.
    let info: &[u8] =
        if with_time { b"\x07\0\x08\0\x07\0\x08\0\x90\xd3\x36\xb7\0\0\0\0" } else { b"" };
    let length = u8::try_from(info.len()).expect("a short list");
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend_from_slice(&[0; 8]);
    // Unicode, NTLM, the extended session security, and target information where there is some.
    let flags = if with_time { 0x0088_8201 } else { 0x0008_8201_u32 };
    message.extend_from_slice(&flags.to_le_bytes());
    message.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(&[length, 0, length, 0, 56, 0, 0, 0]);
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(info);
    message
}
