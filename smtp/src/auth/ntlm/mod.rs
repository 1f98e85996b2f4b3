//! NTLM: a hash of the password and of nonces, as Windows domains use it (MS-SMTPNTLM, MS-NLMP).
//!
//! Version 2 of the proof alone: the older ones are broken.
//!
//! | file | what it holds |
//! |---|---|
//! | [`message`] | the three messages |
//! | [`target_info`] | the attributes of server and client, which the proof covers |
//! | [`keys`] | the hashes: the user's key, the proof |

mod keys;
mod message;
mod target_info;

use std::fmt::{self, Debug};
use std::time::{SystemTime, UNIX_EPOCH};

use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use super::nonce;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;
use keys::{Key, Nonces, Proof, channel_binding, hmac_md5, lm_v2, ntowf_v2, utf16};
use message::{Authenticate, NtlmChallenge, negotiate};
use target_info::TargetInfo;

/// The mechanism NTLM, with proofs of `NTLMv2` alone, and without a security layer.
///
/// The password does not travel, but an attacker who hears the exchange can guess at it as fast as
/// MD4 and MD5 go, and the server proves nothing. The proof names the server and, inside TLS, its
/// certificate, so that a server that checks them does not accept it from another's hands.
///
/// ```text
/// C: AUTH NTLM
/// S: 334 ntlm supported                         ; any text: it is not read
/// C: NEGOTIATE_MESSAGE
/// S: 334 CHALLENGE_MESSAGE
/// C: AUTHENTICATE_MESSAGE
/// S: 235                                        ; MS-SMTPNTLM 3.1.5
/// ```
///
/// The name of the user is hashed in upper case, character by character: `ß`, whose upper case is
/// `SS`, stays `ß`, as in Windows. A server that hashes `SS` refuses such a name.
///
/// ```
/// use smtp::auth::Ntlm;
///
/// let with_domain = Ntlm::new("EXAMPLE\\me", "pencil");
/// let the_same = Ntlm::new("me", "pencil").domain("EXAMPLE");
/// let by_address = Ntlm::new("me@example.com", "pencil");
/// ```
pub struct Ntlm {
    user: String,
    password: Secret,
    domain: String,
    workstation: String,
    target_name: Option<String>,
    host: String,
    /// The hash of the TLS connection, and zeros where there is none.
    channel: [u8; 16],
    time: [u8; 8],
    /// The client's nonce of the next exchange; drawn at random where none is set.
    nonce: Option<[u8; 8]>,
    state: State,
}

/// How far an exchange has come.
#[derive(Debug)]
enum State {
    /// The server has not asked for the first message.
    Begun,
    /// The server is to send its challenge.
    Negotiated,
    /// The proof was sent.
    Answered,
    Failed,
}

impl Ntlm {
    /// Authenticates as `user`: a name, `DOMAIN\name`, or `name@domain`. The last is sent as it is,
    /// without a domain: the server splits it.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        let user = user.into();
        let (domain, user) = match user.split_once('\\') {
            Some((domain, name)) => (domain.to_owned(), name.to_owned()),
            None => (String::new(), user),
        };
        Self {
            user,
            password: password.into(),
            domain,
            workstation: String::new(),
            target_name: None,
            host: String::new(),
            channel: [0; 16],
            time: [0; 8],
            nonce: None,
            state: State::Begun,
        }
    }

    /// Sets the domain of the user. It is hashed as it is, so upper and lower case differ; Cyrus
    /// SASL knows domains in upper case alone.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = domain.into();
        self
    }

    /// Names this computer, as some servers demand or log it. By default nothing is said of it.
    #[must_use]
    pub fn workstation(mut self, workstation: impl Into<String>) -> Self {
        self.workstation = workstation.into();
        self
    }

    /// Sets the name of the service that the proof is for (`MsvAvTargetName`). Without it that is
    /// `smtp/` and the server's name; a server that checks it may know itself by another, such as
    /// `SMTPSVC/mail.example.com`.
    #[must_use]
    pub fn target_name(mut self, name: impl Into<String>) -> Self {
        self.target_name = Some(name.into());
        self
    }

    #[cfg(test)]
    fn with_nonce(mut self, nonce: [u8; 8]) -> Self {
        self.nonce = Some(nonce);
        self
    }

    fn password(&self) -> Result<&str, MechanismError> {
        std::str::from_utf8(self.password.expose())
            .map_err(|_| MechanismError::new("the password is not UTF-8"))
    }

    /// The last message (MS-NLMP 3.1.5.1.2). `text` is the server's challenge as it came.
    fn answer(&mut self, text: &[u8]) -> Result<Secret, MechanismError> {
        let challenge = NtlmChallenge::parse(text)?;
        let client = match self.nonce.take() {
            Some(nonce) => nonce,
            None => nonce::bytes()?,
        };
        let key = ntowf_v2(self.password()?, &self.user, &self.domain);
        let nonces = Nonces { server: challenge.nonce, client };
        let timestamp = challenge.target_info.as_ref().and_then(TargetInfo::timestamp);
        let info = challenge.target_info.map(|info| self.complete(info)).unwrap_or_default();
        let time = timestamp.unwrap_or(self.time);
        let proof = Proof::new(&key, &nonces, time, &info.encode()?);
        // Z(24) where the server has told its time: the older response would be a weaker proof.
        let lm_response = match timestamp {
            Some(_) => Secret::from(vec![0; 24]),
            None => lm_v2(&key, &nonces),
        };
        let names = [&self.domain, &self.user, &self.workstation].map(|name| utf16(name));
        let [domain, user, workstation] = names.each_ref().map(Secret::expose);
        let message = Authenticate {
            lm_response: lm_response.expose(),
            nt_response: proof.response.expose(),
            domain,
            user,
            workstation,
            flags: challenge.flags,
        };
        let unsigned = message.encode(&Key::default())?;
        if timestamp.is_none() {
            return Ok(unsigned);
        }
        // Without a key exchange the key that signs is SessionBaseKey itself (MS-NLMP 3.4.5.1).
        let negotiate = negotiate();
        let signed = [negotiate.expose(), text, unsigned.expose()];
        message.encode(&hmac_md5(&proof.session_key, &signed))
    }

    /// Adds to the attributes of a server what the client has to say.
    fn complete(&self, mut info: TargetInfo) -> TargetInfo {
        if info.timestamp().is_some() {
            info.announce_mic();
        }
        let service = match &self.target_name {
            Some(name) => utf16(name),
            None => utf16(&format!("smtp/{}", self.host)),
        };
        info.bind(service.expose(), self.channel);
        info
    }
}

impl Mechanism for Ntlm {
    fn name(&self) -> &'static str {
        "NTLM"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        facts.server_name().trim_end_matches('.').clone_into(&mut self.host);
        // Zeros say that there is no binding; a server that demands one refuses them.
        self.channel = facts.server_end_point().map_or([0; 16], |hash| channel_binding(&hash));
        self.time = facts.time().map(file_time).unwrap_or_default();
        self.state = State::Begun;
        Ok(())
    }

    /// None: the first message follows the server's prompt, for servers that take no initial
    /// response.
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        if self.user.is_empty() || self.password.expose().is_empty() {
            return Err(MechanismError::new("`user` and `password` must not be empty"));
        }
        self.password()?;
        let names = [&self.user, &self.domain, &self.workstation];
        if names.iter().any(|name| name.contains('\0')) {
            return Err(MechanismError::new("a name holds a NUL"));
        }
        Ok(None)
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Begun => {
                self.state = State::Negotiated;
                Ok(Step::Respond(negotiate()))
            }
            State::Negotiated => {
                let message = self.answer(&challenge.decode()?)?;
                self.state = State::Answered;
                Ok(Step::Respond(message))
            }
            State::Answered | State::Failed => Err(challenge.unexpected()),
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Answered)
    }
}

impl Debug for Ntlm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ntlm")
            .field("user", &self.user)
            .field("password", &self.password)
            .field("domain", &self.domain)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A time as a `FILETIME`: the count of 100 nanoseconds since the year 1601 (MS-DTYP 2.3.3).
fn file_time(time: SystemTime) -> [u8; 8] {
    /// Seconds from the year 1601 to 1970.
    const EPOCH: u64 = 11_644_473_600;
    // A clock that stands before 1970 is wrong, and no server believes it.
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let ticks = since.as_secs().saturating_add(EPOCH).saturating_mul(10_000_000);
    ticks.saturating_add(u64::from(since.subsec_nanos() / 100)).to_le_bytes()
}

#[cfg(test)]
mod tests;
