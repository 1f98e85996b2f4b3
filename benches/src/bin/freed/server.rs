//! A server that knows the account, in a thread of its own, and how it behaves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use crate::needles::{ITERATIONS, REALM, SALT, SECRET, SEED, SEQUENCE, USER, mac};

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
    /// Nothing comes after the first challenge, and the caller drops the call.
    Silent,
}

/// Listens for one session, with a mechanism that ends in this way.
pub fn start(mechanism: &'static str, end: End) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        // A client that goes away ends the session.
        let _ = Session::new(stream, end).serve(mechanism);
    });
    address
}

struct Session {
    reader: BufReader<TcpStream>,
    end: End,
    challenges: usize,
}

type Ended = Option<()>;

impl Session {
    fn new(stream: TcpStream, end: End) -> Self {
        Self { reader: BufReader::new(stream), end, challenges: 0 }
    }

    fn say(&mut self, text: &str) -> Ended {
        self.reader.get_mut().write_all(format!("{text}\r\n").as_bytes()).ok()
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
            End::Silent if self.challenges > 1 => {
                self.hear()?;
                return None;
            }
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

    fn serve(&mut self, mechanism: &str) -> Ended {
        self.say("220 mail.example.test")?;
        self.hear()?;
        self.say(&format!("250-mail.example.test\r\n250 AUTH {mechanism}"))?;
        let auth = self.hear()?;
        let initial = auth.split(' ').nth(2).and_then(|text| STANDARD.decode(text).ok());
        if self.end == End::Unknown {
            self.say("504 5.5.4 unknown")?;
        } else {
            self.exchange(mechanism, &initial.unwrap_or_default())?;
            match self.end {
                End::Closed => return None,
                End::Accepted => self.say("235 2.7.0 welcome")?,
                End::Silent => {}
                _ => self.say("535 5.7.8 no")?,
            }
        }
        while self.hear().is_some() {
            self.say("250 ok")?;
        }
        None
    }

    fn exchange(&mut self, mechanism: &str, initial: &[u8]) -> Ended {
        match mechanism {
            "LOGIN" => {
                if initial.is_empty() {
                    self.ask(b"Username:")?;
                }
                self.ask(b"Password:").map(drop)
            }
            "CRAM-MD5" => self.ask(b"<1896.697170952@example.test>").map(drop),
            "DIGEST-MD5" => self.digest_md5(),
            "OTP" => self.ask(format!("otp-md5 {SEQUENCE} {SEED} ext").as_bytes()).map(drop),
            "NTLM" => {
                self.ask(b"ntlm supported")?;
                self.ask(&ntlm_challenge()).map(drop)
            }
            "XOAUTH2" | "OAUTHBEARER" if self.end != End::Accepted => {
                self.ask(br#"{"status":"401"}"#).map(drop)
            }
            "SCRAM-SHA-1" => self.scram::<sha1::Sha1>(initial),
            "SCRAM-SHA-224" => self.scram::<sha2::Sha224>(initial),
            "SCRAM-SHA-256" => self.scram::<sha2::Sha256>(initial),
            "SCRAM-SHA-384" => self.scram::<sha2::Sha384>(initial),
            "SCRAM-SHA-512" => self.scram::<sha2::Sha512>(initial),
            _ => Some(()),
        }
    }

    /// Its proof is right only where the client is accepted.
    fn scram<D: hmac::EagerHash + sha2::Digest>(&mut self, initial: &[u8]) -> Ended
    where
        hmac::Hmac<D>: hmac::digest::KeyInit + hmac::digest::Mac,
    {
        let first = String::from_utf8_lossy(initial).into_owned();
        let bare = first.split_once("n=").map(|(_, rest)| format!("n={rest}"))?;
        let nonce = bare.split_once("r=")?.1;
        let server = format!("r={nonce}server,s={},i={ITERATIONS}", STANDARD.encode(SALT));
        let last = String::from_utf8(self.ask(server.as_bytes())?).ok()?;
        let without_proof = last.split_once(",p=")?.0;
        let message = format!("{bare},{server},{without_proof}");
        let mut salted = vec![0; <D as sha2::Digest>::output_size()];
        pbkdf2::pbkdf2_hmac::<D>(SECRET.as_bytes(), SALT, ITERATIONS, &mut salted);
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
        if self.end == End::Refused {
            return Some(());
        }
        let field = |name: &str| {
            let (_, rest) = answer.split_once(&format!("{name}="))?;
            Some(rest.split(',').next()?.trim_matches('"').to_owned())
        };
        let (cnonce, uri) = (field("cnonce")?, field("digest-uri")?);
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let mut first = Md5::digest(format!("{USER}:{REALM}:{SECRET}")).to_vec();
        first.extend_from_slice(format!(":OA6MG9tEQGm2hh:{cnonce}").as_bytes());
        let (first, second) = (hex(&Md5::digest(&first)), hex(&Md5::digest(format!(":{uri}"))));
        let whole = format!("{first}:OA6MG9tEQGm2hh:00000001:{cnonce}:auth:{second}");
        let proof = if self.end == End::Lie { String::from("0") } else { hex(&Md5::digest(whole)) };
        self.ask(format!("rspauth={proof}").as_bytes()).map(drop)
    }
}

/// A `CHALLENGE_MESSAGE` without target information (MS-NLMP §2.2.1.2).
fn ntlm_challenge() -> Vec<u8> {
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend_from_slice(&[0; 8]);
    // Unicode, NTLM, and the extended session security.
    message.extend_from_slice(&0x0008_8201_u32.to_le_bytes());
    message.extend_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
    message.extend_from_slice(&[0; 16]);
    message
}
