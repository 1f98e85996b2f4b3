//! Numbers on the wire.

use super::line::{Argument, Line};

/// A number, written without [`Display`](std::fmt::Display): each message declares its size, and
/// formatting costs more than the rest of its parameter.
pub(crate) struct Decimal(u64);

/// A number, to be written as decimal digits.
#[allow(clippy::trivially_copy_pass_by_ref)] // The shape that the derive asks for.
#[inline]
pub(crate) fn decimal(number: &u64) -> Decimal {
    Decimal(*number)
}

/// Digits that the largest number has.
const MAX_DIGITS: usize = 20;

/// Digits that are written in one step: few numbers have more.
const WORD_DIGITS: usize = 8;

impl Argument for Decimal {
    #[inline]
    fn write(&self, line: &mut Line<'_>) {
        let mut digits = [b'0'; MAX_DIGITS];
        let (mut rest, mut start) = (self.0, MAX_DIGITS - 1);
        for (index, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (rest % 10) as u8;
            start = index;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        line.bytes(|buffer| match digits.last_chunk::<WORD_DIGITS>() {
            Some(&last) if start >= MAX_DIGITS - WORD_DIGITS => {
                let surplus = start - (MAX_DIGITS - WORD_DIGITS);
                let word = u64::from_le_bytes(last) >> (8 * surplus);
                buffer.extend_from_slice(&word.to_le_bytes());
                buffer.truncate(buffer.len() - surplus);
            }
            _ => buffer.extend_from_slice(&digits[start..]),
        });
    }
}

#[cfg(test)]
mod tests {
    use smtp_grammar::Capabilities;

    use super::*;
    use crate::proto::line::Audience;

    #[test]
    fn numbers_are_written_as_they_are_displayed() {
        for number in
            [0, 1, 9, 10, 99, 100, 2176, 99_999_999, 100_000_000, u64::from(u32::MAX), u64::MAX]
        {
            let mut written = Vec::new();
            Decimal(number).write(&mut Line::new(
                &mut written,
                &Capabilities::none(),
                false,
                Audience::Trusted,
            ));
            assert_eq!(written, number.to_string().as_bytes());
        }
    }
}
