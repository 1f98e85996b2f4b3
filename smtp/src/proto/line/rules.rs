//! The rules that a finished line is held to where it is not plain.

use std::ops::Range;

use memchr::memchr3;
use zeroize::Zeroize as _;

use super::Line;
use crate::proto::encode_error::{EncodeError, EncodeErrorKind};
use crate::proto::scan::{has_param, is_plain};

impl Line<'_> {
    /// Finds what is wrong with the line, and takes it out of the buffer.
    #[cold]
    pub(super) fn check(&mut self) -> Result<(), EncodeError> {
        match self.error.take().or_else(|| self.find_error()) {
            None => Ok(()),
            Some(error) => {
                if !self.secret.is_empty() {
                    self.buffer[self.start..].zeroize();
                }
                self.buffer.truncate(self.start);
                Err(error)
            }
        }
    }

    /// The rules that hold for every line, also of a command of the caller's.
    fn find_error(&self) -> Option<EncodeError> {
        let line = &self.buffer[self.start..];
        let plain = is_plain(line, b' ');
        let forbidden = if plain { None } else { memchr3(b'\r', b'\n', 0, line) };
        let beyond_ascii = if plain { None } else { line.iter().position(|byte| !byte.is_ascii()) };
        let kind = match (forbidden, beyond_ascii) {
            (Some(at), _) => {
                let value = self.value(self.start..self.buffer.len());
                EncodeErrorKind::Forbidden { byte: line[at], value }
            }
            (None, Some(at)) if !self.utf8 => {
                let value = self.value(self.word_at(self.start + at));
                let offered = self.capabilities.has("SMTPUTF8");
                EncodeErrorKind::NotAscii { value, offered }
            }
            _ if line.len() + 2 > self.limit => {
                EncodeErrorKind::TooLong { bytes: line.len() + 2, limit: self.limit }
            }
            _ if line.is_empty() || line.ends_with(b" ") => {
                let end = self.start + line.trim_ascii_end().len();
                EncodeErrorKind::Empty(self.value(self.start..end))
            }
            _ if self.tracked && !has_param(line, b" ORCPT=") => EncodeError::untracked().kind,
            _ => return None,
        };
        Some(EncodeError { kind })
    }

    /// The word of the line that holds this byte of the buffer.
    fn word_at(&self, at: usize) -> Range<usize> {
        let line = self.start..self.buffer.len();
        let is_space = |&byte: &u8| byte == b' ';
        let before = self.buffer[line.start..at].iter().rposition(is_space);
        let after = self.buffer[at..line.end].iter().position(is_space);
        before.map_or(line.start, |space| line.start + space + 1)
            ..after.map_or(line.end, |space| at + space)
    }
}
