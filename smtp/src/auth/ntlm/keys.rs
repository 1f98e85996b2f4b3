//! The keys and proofs of `NTLMv2`: all that depends on the password (MS-NLMP 3.3.2).

use hmac::digest::FixedOutput;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A key or a proof: 16 bytes, which are wiped.
pub(super) type Key = Zeroizing<[u8; 16]>;

/// `HMAC_MD5(key, parts)`: the parts one after the other.
pub(super) fn hmac_md5(key: &Key, parts: &[&[u8]]) -> Key {
    // A key that is shorter than a block counts as filled up with zeros (RFC 2104 §2).
    let mut block = Zeroizing::new([0; 64]);
    block[..key.len()].copy_from_slice(&**key);
    let mut mac = Hmac::<Md5>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    let mut code = Key::default();
    FixedOutput::finalize_into(mac, (&mut *code).into());
    code
}

/// Text in UTF-16, little-endian: `UNICODE(text)`.
pub(super) fn utf16(text: &str) -> Secret {
    // Allocated once: a buffer that grows leaves parts of a password in the smaller ones. UTF-8 has
    // at least as many bytes as UTF-16 has units.
    let mut bytes = Vec::with_capacity(2 * text.len());
    for unit in text.encode_utf16() {
        bytes.extend_from_slice(&unit.to_le_bytes());
    }
    Secret::from(bytes)
}

/// The text in upper case, character by character: one whose upper case has several, as that of
/// `ß` has, stays as it is. So Windows does it.
pub(super) fn upper_case(text: &str) -> String {
    text.chars()
        .map(|character| {
            let mut upper = character.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(single), None) => single,
                _ => character,
            }
        })
        .collect()
}

/// The key of a user.
///
/// ```text
/// NTOWFv2(Passwd, User, UserDom) =
///     HMAC_MD5( MD4(UNICODE(Passwd)), UNICODE(ConcatenationOf( Uppercase(User), UserDom )) )
/// ```
pub(super) fn ntowf_v2(password: &str, user: &str, domain: &str) -> Key {
    let (user, domain) = (utf16(&upper_case(user)), utf16(domain));
    hmac_md5(&nt_hash(password), &[user.expose(), domain.expose()])
}

/// `MD4(UNICODE(Passwd))`, which is the key of version 1.
pub(super) fn nt_hash(password: &str) -> Key {
    let mut hash = Key::default();
    let password = Md4::new_with_prefix(utf16(password).expose());
    FixedOutput::finalize_into(password, (&mut *hash).into());
    hash
}

/// The proof that the client knows the key, for one challenge.
pub(super) struct Proof {
    /// `NtChallengeResponse`: `NTProofStr`, and the bytes that it was computed from.
    pub(super) response: Secret,
    /// `SessionBaseKey`, with which the messages are signed.
    pub(super) session_key: Key,
}

impl Proof {
    /// ```text
    /// temp                = ConcatenationOf( Responserversion, HiResponserversion, Z(6), Time,
    ///                       ClientChallenge, Z(4), ServerName, Z(4) )
    /// NTProofStr          = HMAC_MD5( ResponseKeyNT,
    ///                       ConcatenationOf( ServerChallenge, temp ) )
    /// NtChallengeResponse = ConcatenationOf( NTProofStr, temp )
    /// SessionBaseKey      = HMAC_MD5( ResponseKeyNT, NTProofStr )
    /// ```
    pub(super) fn new(key: &Key, nonces: &Nonces, time: [u8; 8], pairs: &[u8]) -> Self {
        let (head, zeros) = ([1, 1, 0, 0, 0, 0, 0, 0], [0; 4]);
        let temp: [&[u8]; 6] = [&head, &time, &nonces.client, &zeros, pairs, &zeros];
        let temp = Secret::concat(&temp);
        let proof = hmac_md5(key, &[&nonces.server, temp.expose()]);
        let response = Secret::concat(&[&*proof, temp.expose()]);
        Self { response, session_key: hmac_md5(key, &[&*proof]) }
    }
}

/// The random bytes of both sides: `ServerChallenge` and `ClientChallenge`.
#[derive(Debug)]
pub(super) struct Nonces {
    pub(super) server: [u8; 8],
    pub(super) client: [u8; 8],
}

/// ```text
/// LmChallengeResponse = ConcatenationOf( HMAC_MD5( ResponseKeyLM,
///                       ConcatenationOf( ServerChallenge, ClientChallenge ) ), ClientChallenge )
/// ```
pub(super) fn lm_v2(key: &Key, nonces: &Nonces) -> Secret {
    let code = hmac_md5(key, &[&nonces.server, &nonces.client]);
    Secret::concat(&[&*code, &nonces.client])
}

/// The channel binding of the TLS connection: the hash of a `gss_channel_bindings_struct` without
/// addresses (MS-NLMP 2.2.2.1, RFC 2744 §3.11).
pub(super) fn channel_binding(certificate_hash: &[u8]) -> [u8; 16] {
    const PREFIX: &[u8] = b"tls-server-end-point:";
    // A hash has 64 bytes at most.
    let length = u32::try_from(PREFIX.len() + certificate_hash.len()).unwrap_or(u32::MAX);
    let mut hash = Md5::new_with_prefix([0; 16]);
    hash.update(length.to_le_bytes());
    hash.update(PREFIX);
    hash.update(certificate_hash);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use hmac::EagerHash;
    use hmac::digest::block_api::Buffer;

    use super::*;
    use crate::secret::tests::is_wiped;

    #[test]
    fn keys_and_proofs_are_wiped() {
        let key = ntowf_v2("Password", "User", "Domain");
        is_wiped(&key);
        let nonces = Nonces { server: [0; 8], client: [0; 8] };
        let Proof { response, session_key } = Proof::new(&key, &nonces, [0; 8], &[]);
        is_wiped(&response);
        is_wiped(&session_key);
        is_wiped(&lm_v2(&key, &nonces));
        is_wiped(&Md4::new());
        // HMAC consists of two cores of its hash function and of a buffer.
        is_wiped(&<Md5 as EagerHash>::Core::default());
        is_wiped(&Buffer::<<Md5 as EagerHash>::Core>::default());
    }
}
