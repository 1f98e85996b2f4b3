//! DER, one element after the other (X.690 §8.1).

/// The tags of the elements that are looked at.
pub(super) mod tag {
    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(in super::super) const BMP_STRING: u8 = 0x1e;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const GENERALIZED_TIME: u8 = 0x18;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    /// `[0] EXPLICIT`: the version.
    pub(in super::super) const VERSION: u8 = 0xa0;
    /// `[3] EXPLICIT`: the extensions.
    pub(in super::super) const EXTENSIONS: u8 = 0xa3;
    /// `[2]` of a `GeneralName`.
    pub(in super::super) const DNS_NAME: u8 = 0x82;
    /// `[7]` of a `GeneralName`.
    pub(in super::super) const IP_ADDRESS: u8 = 0x87;
}

/// The elements that are left. It ends at the first that is malformed.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a>(pub(super) &'a [u8]);

impl<'a> Elements<'a> {
    /// The content of the next element, which has this tag; otherwise it stays.
    pub(super) fn content_of(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = self.clone();
        let (found, content) = ahead.next()?;
        (found == tag).then(|| {
            *self = ahead;
            content
        })
    }

    /// The elements of the next one, which has this tag.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.content_of(tag).map(Self)
    }
}

impl<'a> Iterator for Elements<'a> {
    /// Its tag, and its content.
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // A length of 1 to 4 bytes.
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}
