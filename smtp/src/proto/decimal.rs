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

impl Argument for Decimal {
    #[inline]
    fn write(&self, line: &mut Line<'_>) {
        line.bytes(|buffer| push_decimal(buffer, self.0));
    }
}

impl Decimal {
    /// As an argument, after the `=` of a parameter that was looked at.
    #[inline]
    pub(crate) fn write_plain(&self, line: &mut Line<'_>) {
        line.plain_bytes(|buffer| push_decimal(buffer, self.0));
    }
}

/// Digits that are made in one step: few numbers have more.
const WORD_DIGITS: u32 = 8;

/// Adds a number.
#[inline]
fn push_decimal(buffer: &mut Vec<u8>, number: u64) {
    match u32::try_from(number) {
        Ok(number) if number < 10_u32.pow(WORD_DIGITS) => {
            let digits = digits(number);
            // The last digit of 0 is no surplus.
            let surplus = (digits.trailing_zeros() / 8).min(WORD_DIGITS - 1);
            let text = (digits | u64::from_le_bytes([b'0'; 8])) >> (8 * surplus);
            buffer.extend_from_slice(&text.to_le_bytes());
            buffer.truncate(buffer.len() - surplus as usize);
        }
        _ => push_long(buffer, number),
    }
}

/// The eight digits of a number that has no more, a byte for each, the first one lowest.
#[inline]
fn digits(number: u32) -> u64 {
    // All parts of a word are divided at once, by multiplying: 10 486 / 2^20 is a hundredth as far as
    // numbers of four digits show, and 103 / 2^10 a tenth for those of two.
    let number = u64::from(number);
    let halves = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((halves * 10_486) >> 20) & 0x7f_0000_007f;
    let quarters = hundreds | (halves - 100 * hundreds) << 16;
    let tens = ((quarters * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | (quarters - 10 * tens) << 8
}

#[cold]
fn push_long(buffer: &mut Vec<u8>, number: u64) {
    buffer.extend_from_slice(number.to_string().as_bytes());
}

#[cfg(test)]
mod tests {
    use smtp_grammar::Capabilities;

    use super::*;
    use crate::proto::line::Audience;

    #[test]
    fn numbers_are_written_as_they_are_displayed() {
        let long = [10_000_000, 99_999_999, 100_000_000, u64::from(u32::MAX), u64::MAX];
        let each_half = (0..10_000).chain((0..10_000).map(|number| number * 10_000 + 7));
        for number in each_half.chain(long) {
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
