//! What waits to be written, in the order in which it must leave.
//!
//! Lines are encoded into one buffer that is used again and again; content is kept as the slices
//! its owner gave, so that a large message is not copied on its way out.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use bytes::{Buf, Bytes};
use zeroize::Zeroize;

/// Slices shorter than this are cheaper to copy than to hand to the system one by one.
const WORTH_A_SLICE: usize = 512;

/// The queue of octets to be written.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Octets that were encoded here; those before `head` have left.
    encoded: Vec<u8>,
    head: usize,
    /// Octets that stand elsewhere, in order. Lines need no note of their own: they fill the rest.
    slices: VecDeque<Slice>,
    remaining: usize,
    /// Octets that were ever queued.
    queued: u64,
    /// Whether `encoded` has held a secret since it was last cleared.
    secret: bool,
}

/// Octets that leave once `encoded` has left up to a place.
#[derive(Debug)]
struct Slice {
    behind: usize,
    octets: Bytes,
}

impl Output {
    /// Octets that have not left yet.
    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// Octets that were ever queued: where the next one stands in all that leaves.
    #[inline]
    pub(crate) fn queued(&self) -> u64 {
        self.queued
    }

    /// Queues what `other` holds, and empties it.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let mut at = other.head;
        for Slice { behind, octets } in other.slices.drain(..) {
            self.copy(&other.encoded[at..behind]);
            self.push(octets);
            at = behind;
        }
        self.copy(&other.encoded[at..]);
        other.clear();
    }

    /// Lets `write` append to the buffer, and queues what it appended.
    #[inline]
    pub(crate) fn encode(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let buffer = self.open();
        let start = buffer.len();
        write(buffer);
        self.close(start);
    }

    /// The buffer, for a line to be appended. It is queued by [`close`](Self::close); a line that
    /// fails is taken out of the buffer by whoever wrote it.
    #[inline]
    pub(crate) fn open(&mut self) -> &mut Vec<u8> {
        &mut self.encoded
    }

    /// Queues what the buffer holds from `start` on.
    #[inline]
    pub(crate) fn close(&mut self, start: usize) {
        self.grow(self.encoded.len() - start);
    }

    /// Queues octets, by reference where that is worth it.
    #[inline]
    pub(crate) fn push(&mut self, octets: Bytes) {
        if octets.len() < WORTH_A_SLICE {
            self.copy(&octets);
        } else {
            self.grow(octets.len());
            self.slices.push_back(Slice { behind: self.encoded.len(), octets });
        }
    }

    /// Queues a part of octets, by reference where that is worth it.
    #[inline]
    pub(crate) fn push_part(&mut self, octets: &Bytes, part: Range<usize>) {
        if part.len() < WORTH_A_SLICE {
            self.copy(&octets[part]);
        } else {
            self.push(octets.slice(part));
        }
    }

    /// Queues a copy of octets.
    #[inline]
    pub(crate) fn copy(&mut self, octets: &[u8]) {
        self.encode(|buffer| buffer.extend_from_slice(octets));
    }

    /// What was encoded so far, for whoever traces it.
    #[inline]
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Remembers to wipe the buffer once it has left.
    pub(crate) fn mark_secret(&mut self) {
        self.secret = true;
    }

    /// The most pieces that it can be in.
    #[inline]
    pub(crate) fn pieces(&self) -> usize {
        2 * self.slices.len() + 1
    }

    /// Fills `slices` with the octets that come first, and returns how many it filled.
    pub(crate) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut slots = slices.iter_mut();
        let most = slots.len();
        let mut at = self.head;
        for Slice { behind, octets } in &self.slices {
            if at < *behind {
                let Some(slot) = slots.next() else { return most };
                *slot = IoSlice::new(&self.encoded[at..*behind]);
                at = *behind;
            }
            let Some(slot) = slots.next() else { return most };
            *slot = IoSlice::new(octets);
        }
        if at < self.encoded.len()
            && let Some(slot) = slots.next()
        {
            *slot = IoSlice::new(&self.encoded[at..]);
        }
        most - slots.len()
    }

    /// Forgets the first `count` octets: they have left.
    #[inline]
    pub(crate) fn advance(&mut self, mut count: usize) {
        self.remaining -= count;
        while let Some(Slice { behind, octets }) = self.slices.front_mut() {
            let encoded = count.min(*behind - self.head);
            self.head += encoded;
            count -= encoded;
            if count < octets.len() {
                octets.advance(count);
                count = 0;
                break;
            }
            count -= octets.len();
            self.slices.pop_front();
        }
        self.head += count;
        if self.head == self.encoded.len() {
            if !self.slices.is_empty() {
                // The buffer begins anew, and what is behind all of it behind nothing.
                self.slices.iter_mut().for_each(|slice| slice.behind = 0);
            }
            self.clear_encoded();
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.slices.clear();
        self.remaining = 0;
        self.clear_encoded();
    }

    #[inline]
    fn grow(&mut self, octets: usize) {
        self.remaining += octets;
        self.queued += octets as u64;
    }

    #[inline]
    fn clear_encoded(&mut self) {
        if std::mem::take(&mut self.secret) {
            self.encoded.zeroize();
        }
        self.encoded.clear();
        self.head = 0;
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.clear_encoded();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(output: &mut Output, step: usize) -> Vec<u8> {
        let mut written = Vec::new();
        while !output.is_empty() {
            let mut slices = [IoSlice::new(&[]); 4];
            let filled = output.slices(&mut slices);
            let flat = slices[..filled].concat_octets();
            let count = step.min(flat.len());
            written.extend_from_slice(&flat[..count]);
            output.advance(count);
        }
        written
    }

    trait ConcatOctets {
        fn concat_octets(&self) -> Vec<u8>;
    }

    impl ConcatOctets for [IoSlice<'_>] {
        fn concat_octets(&self) -> Vec<u8> {
            self.iter().flat_map(|slice| slice.iter().copied()).collect()
        }
    }

    #[test]
    fn order_is_kept_however_little_is_taken_at_a_time() {
        for step in [1, 3, 511, 4096] {
            let mut output = Output::default();
            let mut expected = Vec::new();
            for round in 0..3u8 {
                output.copy(b"MAIL\r\n");
                expected.extend_from_slice(b"MAIL\r\n");
                for length in [1, WORTH_A_SLICE - 1, WORTH_A_SLICE, 2000] {
                    let octets = vec![round; length];
                    expected.extend_from_slice(&octets);
                    output.push(Bytes::from(octets));
                }
            }
            assert_eq!(output.remaining(), expected.len());
            assert_eq!(drain(&mut output, step), expected, "steps of {step}");
            assert!(output.encoded().is_empty(), "the buffer is used again");
        }
    }

    #[test]
    fn secrets_do_not_stay_in_the_buffer() {
        let mut output = Output::default();
        output.copy(b"AUTH PLAIN AHVzZXIAcGVuY2ls\r\n");
        output.mark_secret();
        let capacity = output.encoded.capacity();
        output.advance(output.remaining());
        assert_eq!(output.encoded.capacity(), capacity);
        // The capacity is still ours; growing into it without writing shows what it holds.
        output.encoded.resize(capacity, 0);
        assert!(output.encoded.iter().all(|&octet| octet == 0));
    }
}
