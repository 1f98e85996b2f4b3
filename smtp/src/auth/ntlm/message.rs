//! The three messages of NTLM (MS-NLMP 2.2.1). Numbers are little-endian.

use super::keys::Key;
use super::target_info::{TargetInfo, too_long};
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// The begin of each message.
const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// The flags that the client knows (MS-NLMP 2.2.2.5). Neither signing nor sealing is among them, and
/// so no key is exchanged: SMTP has TLS for that.
const OWN_FLAGS: u32 = NEGOTIATE_UNICODE
    | 0x0000_0004 // REQUEST_TARGET
    | 0x0000_0200 // NEGOTIATE_NTLM
    | 0x0000_8000 // ALWAYS_SIGN
    | 0x0008_0000 // EXTENDED_SESSIONSECURITY
    | 0x2000_0000 // 128 bits
    | 0x8000_0000; // 56 bits

const NEGOTIATE_UNICODE: u32 = 0x0000_0001;
const NEGOTIATE_TARGET_INFO: u32 = 0x0080_0000;

/// `NEGOTIATE_MESSAGE`, always the same: it names neither domain nor workstation, and no version.
///
/// ```text
/// Signature(8) MessageType(4) = 1 NegotiateFlags(4) DomainNameFields(8) WorkstationFields(8)
/// Version(8)                                                 ; MS-NLMP 2.2.1.1
/// ```
pub(super) fn negotiate() -> Secret {
    Secret::concat(&[SIGNATURE, &[1, 0, 0, 0], &OWN_FLAGS.to_le_bytes(), &[0; 24]])
}

/// `CHALLENGE_MESSAGE`, as far as the client needs it.
///
/// ```text
/// Signature(8) MessageType(4) = 2 TargetNameFields(8) NegotiateFlags(4) ServerChallenge(8)
/// Reserved(8) TargetInfoFields(8) Version(8) Payload         ; MS-NLMP 2.2.1.2
/// ```
#[derive(Debug)]
pub(super) struct NtlmChallenge {
    /// The flags that both sides know.
    pub(super) flags: u32,
    pub(super) nonce: [u8; 8],
    pub(super) target_info: Option<TargetInfo>,
}

impl NtlmChallenge {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, MechanismError> {
        if bytes.first_chunk() != Some(SIGNATURE) || number(bytes, 8)? != 2 {
            return Err(unreadable());
        }
        let flags = number(bytes, 20)?;
        if flags & NEGOTIATE_UNICODE == 0 {
            return Err(MechanismError::new(
                "the server demands names in its own character set, and this mechanism sends \
                 Unicode alone",
            ));
        }
        let nonce = array(bytes, 24)?;
        // The name of the server's domain: not needed, but a field that leads out of the message
        // is no field of NTLM.
        field(bytes, 12)?;
        let target_info = match flags & NEGOTIATE_TARGET_INFO {
            0 => None,
            _ => match field(bytes, 40)? {
                [] => None,
                pairs => Some(TargetInfo::parse(pairs)?),
            },
        };
        Ok(Self { flags: flags & (OWN_FLAGS | NEGOTIATE_TARGET_INFO), nonce, target_info })
    }
}

/// `AUTHENTICATE_MESSAGE`.
///
/// ```text
/// Signature(8) MessageType(4) = 3 LmChallengeResponseFields(8) NtChallengeResponseFields(8)
/// DomainNameFields(8) UserNameFields(8) WorkstationFields(8) EncryptedRandomSessionKeyFields(8)
/// NegotiateFlags(4) Version(8) MIC(16) Payload               ; MS-NLMP 2.2.1.3
/// ```
pub(super) struct Authenticate<'a> {
    pub(super) lm_response: &'a [u8],
    pub(super) nt_response: &'a [u8],
    pub(super) domain: &'a [u8],
    pub(super) user: &'a [u8],
    pub(super) workstation: &'a [u8],
    pub(super) flags: u32,
}

/// The bytes before the payload.
const HEADER: u32 = 88;

impl Authenticate<'_> {
    /// The message with this MIC.
    pub(super) fn encode(&self, mic: &Key) -> Result<Secret, MechanismError> {
        let mut fields = [[0; 8]; 6];
        // The session key, the last of the fields, is empty: none is exchanged.
        let values =
            [self.lm_response, self.nt_response, self.domain, self.user, self.workstation, &[]];
        let mut offset = HEADER;
        for (field, value) in fields.iter_mut().zip(values) {
            let length = u16::try_from(value.len()).map_err(|_| too_long())?;
            let [low, high] = length.to_le_bytes();
            let [a, b, c, d] = offset.to_le_bytes();
            *field = [low, high, low, high, a, b, c, d];
            offset += u32::from(length);
        }
        let (flags, version) = (self.flags.to_le_bytes(), [0; 8]);
        let header: [&[u8]; 6] =
            [SIGNATURE, &[3, 0, 0, 0], fields.as_flattened(), &flags, &version, &**mic];
        Ok(Secret::concat(&[&header[..], &values[..]].concat()))
    }
}

/// A field: the bytes that its length and its offset name.
fn field(bytes: &[u8], at: usize) -> Result<&[u8], MechanismError> {
    let [low, high, ..] = array::<4>(bytes, at)?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    let offset = number(bytes, at + 4)?;
    if length == 0 {
        return Ok(&[]);
    }
    let from = usize::try_from(offset).map_err(|_| unreadable())?;
    let bytes = bytes.get(from..).and_then(|rest| rest.get(..length));
    bytes.ok_or_else(unreadable)
}

fn number(bytes: &[u8], at: usize) -> Result<u32, MechanismError> {
    array(bytes, at).map(u32::from_le_bytes)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], MechanismError> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found.copied().ok_or_else(unreadable)
}

fn unreadable() -> MechanismError {
    MechanismError::new("the server's challenge is none of NTLM (MS-NLMP 2.2.1.2)")
}
