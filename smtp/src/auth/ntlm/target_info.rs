//! `TargetInfo`: what the server says of itself, and what the client adds, both under the proof.

use crate::error::mechanism::MechanismError;

/// A list of attributes.
///
/// ```text
/// AV_PAIR = AvId(2) AvLen(2) Value(AvLen)      ; MS-NLMP 2.2.2.1, little-endian
/// ```
///
/// It ends with `MsvAvEOL`. Attributes that are not known stay as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TargetInfo {
    pairs: Vec<(u16, Vec<u8>)>,
}

const EOL: u16 = 0;
const FLAGS: u16 = 6;
const TIMESTAMP: u16 = 7;
const TARGET_NAME: u16 = 9;
const CHANNEL_BINDINGS: u16 = 10;

/// The bit of `MsvAvFlags` that says that the message has a MIC.
const HAS_MIC: u32 = 0x2;

impl TargetInfo {
    /// Reads a list; its field says that it has 65,535 bytes at most.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, MechanismError> {
        let mut pairs = Vec::new();
        let mut rest = bytes;
        loop {
            let (id, after) = read_u16(rest)?;
            let (length, after) = read_u16(after)?;
            let length = usize::from(length);
            let (Some(value), Some(after)) = (after.get(..length), after.get(length..)) else {
                return Err(unreadable());
            };
            match (id, length) {
                (EOL, 0) => return Ok(Self { pairs }),
                (EOL, _) => return Err(unreadable()),
                (FLAGS, length) if length != 4 => return Err(unreadable()),
                (TIMESTAMP, length) if length != 8 => return Err(unreadable()),
                _ => pairs.push((id, value.to_vec())),
            }
            rest = after;
        }
    }

    /// The server's time, `MsvAvTimestamp`.
    pub(super) fn timestamp(&self) -> Option<[u8; 8]> {
        self.value(TIMESTAMP)?.try_into().ok()
    }

    /// Says that the message has a MIC.
    pub(super) fn announce_mic(&mut self) {
        let flags = self.value(FLAGS).and_then(|flags| flags.try_into().ok());
        let flags = u32::from_le_bytes(flags.unwrap_or_default()) | HAS_MIC;
        self.set(FLAGS, flags.to_le_bytes().to_vec());
    }

    /// Names the service that the client means to talk to, and the TLS connection.
    pub(super) fn bind(&mut self, service: &[u8], channel: [u8; 16]) {
        self.set(CHANNEL_BINDINGS, channel.to_vec());
        self.set(TARGET_NAME, service.to_vec());
    }

    /// The list with its end.
    pub(super) fn encode(&self) -> Result<Vec<u8>, MechanismError> {
        let mut bytes = Vec::new();
        for (id, value) in &self.pairs {
            let length = u16::try_from(value.len()).map_err(|_| too_long())?;
            bytes.extend_from_slice(&id.to_le_bytes());
            bytes.extend_from_slice(&length.to_le_bytes());
            bytes.extend_from_slice(value);
        }
        bytes.extend_from_slice(&[0; 4]);
        Ok(bytes)
    }

    fn value(&self, id: u16) -> Option<&[u8]> {
        self.pairs.iter().find(|(other, _)| *other == id).map(|(_, value)| &**value)
    }

    /// Sets the one attribute of this kind.
    fn set(&mut self, id: u16, value: Vec<u8>) {
        self.pairs.retain(|(other, _)| *other != id);
        self.pairs.push((id, value));
    }
}

fn read_u16(bytes: &[u8]) -> Result<(u16, &[u8]), MechanismError> {
    let (number, rest) = bytes.split_first_chunk().ok_or_else(unreadable)?;
    Ok((u16::from_le_bytes(*number), rest))
}

fn unreadable() -> MechanismError {
    MechanismError::new("the target info of the server's challenge is broken (MS-NLMP 2.2.2.1)")
}

/// The message has a field that is longer than 65,535 bytes.
pub(super) fn too_long() -> MechanismError {
    MechanismError::new("the names are too long for this mechanism")
}
