//! DIGEST-MD5: a hash of password and nonces, which the server answers with its own (RFC 2831,
//! made historic by RFC 6331).

mod challenge;

use std::fmt::{self, Debug, Write as _};

use md5::{Digest as _, Md5};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use super::facts::Facts;
use super::mechanism::{Challenge, Mechanism, Step};
use super::nonce;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;
use challenge::DigestChallenge;

/// The mechanism DIGEST-MD5, without a security layer.
///
/// The password does not travel, but an attacker who hears the exchange can guess at it as fast as
/// MD5 goes. SCRAM is better.
///
/// ```text
/// S: realm="example.com",nonce="..",qop="auth",algorithm=md5-sess,charset=utf-8
/// C: charset=utf-8,username="me",realm="example.com",nonce="..",nc=00000001,cnonce="..",
///    digest-uri="smtp/mail.example.com",response=..,qop=auth
/// S: rspauth=..                                                      ; RFC 2831 §2.1
/// ```
pub struct DigestMd5 {
    user: String,
    password: Secret,
    authzid: String,
    realm: Option<String>,
    raw_utf8: bool,
    /// The service that SASL knows this protocol by.
    service: &'static str,
    host: String,
    /// The client's nonce of the next exchange; drawn at random where none is set.
    nonce: Option<String>,
    state: State,
}

#[derive(Debug)]
enum State {
    Begun,
    /// The server is to answer with this.
    Proof(Secret),
    Verified,
    Failed,
}

/// Bytes of a response that a server need read (RFC 2831 §2.1.2).
const MAX_RESPONSE: usize = 4096;

impl DigestMd5 {
    /// Authenticates as `user`.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
            authzid: String::new(),
            realm: None,
            raw_utf8: false,
            service: "smtp",
            host: String::new(),
            nonce: None,
            state: State::Begun,
        }
    }

    /// Asks to act as another user than the one who authenticates.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = authzid.into();
        self
    }

    /// Authenticates in this realm. Without it the realm is the one that the server offers, or the
    /// server's name where it offers none.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = Some(realm.into());
        self
    }

    /// Hashes names and passwords as UTF-8 in every case. By the standard those that Latin-1 can
    /// hold are hashed in Latin-1 (RFC 2831 §2.1.2.1), and some servers do not know that.
    ///
    /// | server | Latin-1, the default | `raw_utf8` |
    /// |---|---|---|
    /// | Cyrus SASL 2.1.28 | yes | yes |
    /// | GNU SASL 2.2.0 | yes | no |
    /// | Dovecot 2.3.19 | no | yes |
    #[must_use]
    pub fn raw_utf8(mut self) -> Self {
        self.raw_utf8 = true;
        self
    }

    #[cfg(test)]
    pub(super) fn with_nonce(mut self, nonce: &str) -> Self {
        self.nonce = Some(nonce.to_owned());
        self
    }

    /// As another protocol has it, whose samples there are.
    #[cfg(all(test, feature = "testing"))]
    pub(super) fn for_service(mut self, service: &'static str) -> Self {
        self.service = service;
        self
    }

    /// ```text
    /// A1       = { H( { username ":" realm ":" passwd } ), ":", nonce, ":", cnonce, ":", authzid }
    /// A2       = { "AUTHENTICATE:", digest-uri }
    /// response = HEX( KD( HEX(H(A1)), { nonce ":" nc ":" cnonce ":" qop ":" HEX(H(A2)) } ) )
    /// ```
    fn answer(&mut self, challenge: &DigestChallenge) -> Result<Secret, MechanismError> {
        let cnonce = match self.nonce.take() {
            Some(nonce) => nonce,
            None => nonce::random()?,
        };
        let realm = challenge.realm(self.realm.as_deref(), &self.host)?;
        let uri = format!("{}/{}", self.service, self.host);
        let password = std::str::from_utf8(self.password.expose())
            .map_err(|_| MechanismError::new("the password is not UTF-8"))?;
        let encode =
            |text: &str| if self.raw_utf8 { text.as_bytes().to_vec() } else { latin1(text) };
        let (user, in_realm) = (encode(&self.user), encode(realm));
        let password = Secret::from(encode(password));
        let identity = Secret::concat(&[&user, b":", &in_realm, b":", password.expose()]);
        let identity = Secret::from(Md5::digest(identity.expose()).to_vec());
        let mut a1 =
            vec![identity.expose(), b":", challenge.nonce.as_bytes(), b":", cnonce.as_bytes()];
        if !self.authzid.is_empty() {
            a1.extend([&b":"[..], self.authzid.as_bytes()]);
        }
        let a1 = Secret::from(hex(Secret::concat(&a1).expose()));
        let proof = |a2: String| {
            let a2 = hex(a2.as_bytes());
            let nonces = format!(":{}:00000001:{cnonce}:auth:{a2}", challenge.nonce);
            hex(Secret::concat(&[a1.expose(), nonces.as_bytes()]).expose())
        };
        let response = proof(format!("AUTHENTICATE:{uri}"));
        self.state = State::Proof(Secret::from(proof(format!(":{uri}"))));
        let mut message = String::new();
        if challenge.utf8 {
            message.push_str("charset=utf-8,");
        }
        // Writing to a String cannot fail.
        let _ = write!(
            message,
            "username={},realm={},nonce={},nc=00000001,cnonce={},digest-uri={},response={response},\
             qop=auth",
            Quoted(&self.user),
            Quoted(realm),
            Quoted(&challenge.nonce),
            Quoted(&cnonce),
            Quoted(&uri),
        );
        // "If this directive is not specified, the username must be encoded in ISO 8859-1"; the
        // other user's name is in UTF-8 in every case (RFC 2831 §2.1.2).
        let mut message = if challenge.utf8 || self.raw_utf8 {
            message.into_bytes()
        } else if message.chars().all(|character| u32::from(character) <= 0xff) {
            latin1(&message)
        } else {
            let reason = "the server takes names in Latin-1 alone, and this name has other letters";
            return Err(MechanismError::new(reason));
        };
        if !self.authzid.is_empty() {
            message.extend_from_slice(format!(",authzid={}", Quoted(&self.authzid)).as_bytes());
        }
        if message.len() >= MAX_RESPONSE {
            return Err(MechanismError::new("the names are too long for this mechanism"));
        }
        Ok(Secret::from(message))
    }
}

impl Mechanism for DigestMd5 {
    fn name(&self) -> &'static str {
        "DIGEST-MD5"
    }

    fn reveals_secret(&self) -> bool {
        false
    }

    fn begin(&mut self, facts: &Facts<'_>) -> Result<(), MechanismError> {
        facts.server_name().trim_end_matches('.').clone_into(&mut self.host);
        self.state = State::Begun;
        Ok(())
    }

    /// The server speaks first.
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        if self.user.is_empty() || self.password.expose().is_empty() {
            return Err(MechanismError::new("`user` and `password` must not be empty"));
        }
        Ok(None)
    }

    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        let text = challenge.decode()?;
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Begun => {
                let challenge = DigestChallenge::parse(&text)?;
                self.answer(&challenge).map(Step::Respond)
            }
            State::Proof(expected) => {
                let proof = text.strip_prefix(b"rspauth=").unwrap_or_default();
                if !bool::from(proof.ct_eq(expected.expose())) {
                    return Err(MechanismError::untrusted(
                        "its rspauth is none of a server that knows the password: it may be an \
                         attacker's",
                    ));
                }
                self.state = State::Verified;
                Ok(Step::Respond(Secret::default()))
            }
            State::Verified | State::Failed => Err(challenge.unexpected()),
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.state, State::Verified)
    }
}

impl Debug for DigestMd5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestMd5")
            .field("user", &self.user)
            .field("password", &self.password)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// ```text
/// quoted-string = ( <"> qdstr-val <"> )      ; RFC 2831 §7.2
/// ```
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            if matches!(character, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        f.write_char('"')
    }
}

/// The text in Latin-1, where that can hold it, and in UTF-8 otherwise.
fn latin1(text: &str) -> Vec<u8> {
    // Allocated once: a buffer that grows leaves parts of a password in the smaller ones.
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(u32::from(character)) {
            Ok(byte) => bytes.push(byte),
            Err(_) => {
                bytes.zeroize();
                return text.as_bytes().to_vec();
            }
        }
    }
    bytes
}

/// `HEX( H( bytes ) )`
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(32);
    for byte in Md5::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests;
