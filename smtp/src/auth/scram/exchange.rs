//! The client's proof, and the check of the server's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

use super::hash::{Bytes, ScramHash, hmac};
use super::message::{ClientFirst, ServerFirst, read_final};
use super::pbkdf2::Pbkdf2;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// An exchange whose salted password is being computed.
pub(super) struct Exchange<H: ScramHash> {
    first: ClientFirst,
    server_first: Vec<u8>,
    nonce: String,
    salted: Pbkdf2<H>,
}

/// The proof that the server owes.
pub(super) struct ClientFinal(Bytes);

impl<H: ScramHash> Exchange<H> {
    pub(super) fn new(
        first: ClientFirst,
        server_first: &[u8],
        server: ServerFirst,
        password: &str,
    ) -> Self {
        let salted = Pbkdf2::new(password.as_bytes(), &server.salt, server.iterations);
        Self { first, server_first: server_first.to_vec(), nonce: server.nonce, salted }
    }

    /// Computes up to so many rounds. Says whether that was all.
    pub(super) fn compute(&mut self, rounds: u32) -> bool {
        self.salted.compute(rounds)
    }

    /// The rounds that are to be computed.
    #[cfg(test)]
    pub(super) fn left(&self) -> u32 {
        self.salted.left()
    }

    /// The client's last message, and what the server must answer.
    ///
    /// ```text
    /// SaltedPassword  := Hi(Normalize(password), salt, i)          ; RFC 5802 §3
    /// ClientKey       := HMAC(SaltedPassword, "Client Key")
    /// StoredKey       := H(ClientKey)
    /// AuthMessage     := client-first-message-bare + "," +
    ///                    server-first-message + "," +
    ///                    client-final-message-without-proof
    /// ClientSignature := HMAC(StoredKey, AuthMessage)
    /// ClientProof     := ClientKey XOR ClientSignature
    /// ServerKey       := HMAC(SaltedPassword, "Server Key")
    /// ServerSignature := HMAC(ServerKey, AuthMessage)
    /// ```
    ///
    /// It is not moved out of its box, whose memory would keep the keyed hash function.
    pub(super) fn finish(&mut self, bound: &Secret) -> (Secret, ClientFinal) {
        let salted = self.salted.finish();
        let binding = Secret::concat(&[self.first.header.as_bytes(), bound.expose()]);
        let binding = Secret::from(STANDARD.encode(binding.expose()));
        let without_proof =
            Secret::concat(&[b"c=", binding.expose(), b",r=", self.nonce.as_bytes()]);
        let auth_message = Secret::concat(&[
            self.first.bare.as_bytes(),
            b",",
            &self.server_first,
            b",",
            without_proof.expose(),
        ]);
        let mut proof = hmac::<H>(&salted, b"Client Key");
        let stored_key = Secret::from(H::hash(&proof));
        let signature = hmac::<H>(stored_key.expose(), auth_message.expose());
        for (key, signature) in proof.iter_mut().zip(signature.iter()) {
            *key ^= signature;
        }
        let proof = Secret::from(STANDARD.encode(&*proof));
        let message = Secret::concat(&[without_proof.expose(), b",p=", proof.expose()]);
        let server_key = hmac::<H>(&salted, b"Server Key");
        (message, ClientFinal(hmac::<H>(&server_key, auth_message.expose())))
    }
}

impl ClientFinal {
    /// Checks the server's proof that it knows the password.
    pub(super) fn verify(&self, text: &[u8]) -> Result<(), MechanismError> {
        let verifier = read_final(text)?;
        if bool::from(verifier.ct_eq(&self.0)) {
            Ok(())
        } else {
            Err(MechanismError::untrusted(
                "its signature is none of a server that knows the password: it may be an attacker's",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::is_wiped;

    #[test]
    fn the_proof_that_the_server_owes_is_wiped() {
        let ClientFinal(proof) = ClientFinal(Bytes::default());
        is_wiped(&proof);
    }
}
