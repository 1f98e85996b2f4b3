//! The send buffer: bytes that wait to be written, in the order in which they must be sent.
//!
//! Lines are encoded into one buffer that is used again and again; content is kept as the slices of
//! its owner, so that a large message is not copied.
//!
//! A server that reads slowly may never let the buffer become empty. So space is also taken back
//! while bytes wait: memory stays within a small factor of those, and each byte is moved a constant
//! number of times on average.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use bytes::{Buf, Bytes};
use zeroize::Zeroize;

/// Slices shorter than this are cheaper to copy than to hand to the system one by one.
const MIN_SLICE: usize = 512;

/// Less space than this at the front of the buffer is not worth moving what follows it.
const MIN_RECLAIM: usize = 4096;

/// Capacity from which on the buffer grows by a quarter instead of doubling: it is read by a server
/// that is slower than what is written into it, so what it does not use is never used.
const LARGE: usize = 128 * 1024;

/// Capacity that the buffer keeps however few bytes wait: what it needs for a message that is
/// copied, of which 256 KiB and one encoded segment wait, and as it grows. Less would be allocated
/// again and again.
const KEPT_BYTES: usize = 640 * 1024;

/// Slices for which there is room however few wait, for the same reason.
const KEPT_SLICES: usize = 1024;

/// Bytes that are reserved before a line is encoded after a secret. The longest lines are those of
/// AUTH, for which "12288 octets is considered to be a sufficient line length" (RFC 4954 §4).
const LINE_RESERVE: usize = 16 * 1024;

/// The queue of bytes to be written.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Bytes that were encoded here; those before `head` have been sent.
    encoded: Vec<u8>,
    head: usize,
    /// Bytes that are stored elsewhere, in order. Lines need no entry: they fill the rest.
    slices: VecDeque<Slice>,
    remaining: usize,
    /// Bytes that were ever queued.
    queued: u64,
    /// Whether `encoded` may hold a secret, sent or not.
    secret: bool,
}

/// Bytes that are sent once `encoded` has been sent up to an offset.
#[derive(Debug)]
struct Slice {
    after: usize,
    bytes: Bytes,
}

impl Output {
    /// Bytes that have not been sent yet.
    #[inline]
    pub(crate) fn remaining(&self) -> usize {
        self.remaining
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.remaining == 0
    }

    /// Bytes that were ever queued: the offset of the next one in all that is sent.
    #[inline]
    pub(crate) fn queued(&self) -> u64 {
        self.queued
    }

    /// Bytes of memory that it holds, slices that wait included.
    #[cfg(test)]
    pub(crate) fn capacity(&self) -> usize {
        let slices: usize = self.slices.iter().map(|slice| slice.bytes.len()).sum();
        self.encoded.capacity() + slices + self.slices.capacity() * size_of::<Slice>()
    }

    /// Queues what `other` holds, and empties it.
    pub(crate) fn append(&mut self, other: &mut Self) {
        let little = self.remaining < MIN_SLICE && self.slices.is_empty();
        if little && other.remaining >= MIN_RECLAIM && !self.secret {
            return self.exchange(other);
        }
        self.secret |= other.secret;
        let mut at = other.head;
        for Slice { after, bytes } in other.slices.drain(..) {
            self.copy(&other.encoded[at..after]);
            self.push(bytes);
            at = after;
        }
        self.copy(&other.encoded[at..]);
        other.clear();
    }

    /// Queues what a larger `other` holds together with its memory, after the little that waits
    /// here.
    fn exchange(&mut self, other: &mut Self) {
        let first = Bytes::copy_from_slice(&self.encoded[self.head..]);
        let queued = self.queued + other.remaining as u64;
        std::mem::swap(self, other);
        other.clear();
        self.queued = queued;
        self.remaining += first.len();
        self.slices.push_front(Slice { after: self.head, bytes: first });
    }

    /// Lets `write` append to the buffer, and queues what it appended.
    #[inline]
    pub(crate) fn encode(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let buffer = self.open();
        let start = buffer.len();
        write(buffer);
        self.close(start);
    }

    /// The buffer, for a line to be appended. It is queued by [`close`](Self::close); the caller
    /// takes a line that fails out of the buffer. Offsets in the buffer stay valid until bytes are
    /// [sent](Self::advance).
    #[inline]
    pub(crate) fn open(&mut self) -> &mut Vec<u8> {
        if self.secret && self.encoded.capacity() - self.encoded.len() < LINE_RESERVE {
            self.grow(LINE_RESERVE);
        }
        &mut self.encoded
    }

    /// Queues what the buffer holds from `start` on.
    #[inline]
    pub(crate) fn close(&mut self, start: usize) {
        self.record_queued(self.encoded.len() - start);
    }

    /// Queues bytes, by reference where that is worth it.
    #[inline]
    pub(crate) fn push(&mut self, bytes: Bytes) {
        if bytes.len() < MIN_SLICE {
            self.copy(&bytes);
        } else {
            self.record_queued(bytes.len());
            self.slices.push_back(Slice { after: self.encoded.len(), bytes });
        }
    }

    /// Queues a part of bytes, by reference where that is worth it.
    #[inline]
    pub(crate) fn push_part(&mut self, bytes: &Bytes, part: Range<usize>) {
        if part.len() < MIN_SLICE {
            self.copy(&bytes[part]);
        } else {
            self.push(bytes.slice(part));
        }
    }

    /// Queues a copy of bytes.
    #[inline]
    pub(crate) fn copy(&mut self, bytes: &[u8]) {
        if bytes.len() > self.encoded.capacity() - self.encoded.len() {
            self.grow(bytes.len());
        }
        self.encoded.extend_from_slice(bytes);
        self.record_queued(bytes.len());
    }

    /// The buffer, for a trace of what was appended to it since it was opened.
    #[inline]
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Remembers to wipe each part of the buffer that is given up, until all of it was sent.
    pub(crate) fn mark_secret(&mut self) {
        self.secret = true;
    }

    /// How many segments it consists of, at most.
    #[inline]
    pub(crate) fn segments(&self) -> usize {
        2 * self.slices.len() + 1
    }

    /// Fills `slices` with the bytes that come first, and returns how many it filled.
    #[inline]
    pub(crate) fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut slots = slices.iter_mut();
        let most = slots.len();
        let mut at = self.head;
        for Slice { after, bytes } in &self.slices {
            if at < *after {
                let Some(slot) = slots.next() else { return most };
                *slot = IoSlice::new(&self.encoded[at..*after]);
                at = *after;
            }
            let Some(slot) = slots.next() else { return most };
            *slot = IoSlice::new(bytes);
        }
        if at < self.encoded.len()
            && let Some(slot) = slots.next()
        {
            *slot = IoSlice::new(&self.encoded[at..]);
        }
        most - slots.len()
    }

    /// Forgets the first `count` bytes: they have been sent.
    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        if count == self.remaining {
            self.clear();
        } else {
            self.advance_partly(count);
        }
    }

    /// Forgets everything.
    #[inline]
    pub(crate) fn clear(&mut self) {
        // There are few, and `clear` costs more than all of this.
        while self.slices.pop_front().is_some() {}
        self.remaining = 0;
        self.truncate(0);
        self.head = 0;
        self.shrink();
    }

    #[inline]
    fn record_queued(&mut self, bytes: usize) {
        self.remaining += bytes;
        self.queued += bytes as u64;
    }

    /// Forgets the first `count` bytes, and takes space back that they needed.
    fn advance_partly(&mut self, mut count: usize) {
        self.remaining -= count;
        while let Some(Slice { after, bytes }) = self.slices.front_mut() {
            let encoded = count.min(*after - self.head);
            self.head += encoded;
            count -= encoded;
            if count < bytes.len() {
                bytes.advance(count);
                count = 0;
                break;
            }
            count -= bytes.len();
            self.slices.pop_front();
        }
        self.head += count;
        if self.head >= MIN_RECLAIM
            || self.head == self.encoded.len()
            || self.slices.capacity() > KEPT_SLICES
        {
            self.reclaim();
        }
    }

    /// Takes memory back from bytes that were sent, where that is worth its cost.
    #[cold]
    fn reclaim(&mut self) {
        if self.should_compact() {
            self.compact();
        }
        self.shrink();
    }

    /// Whether the bytes that were sent since the last time pay for moving those that wait: then no
    /// byte is moved more than four times on average, and the buffer is a quarter longer than what
    /// waits, at most.
    fn should_compact(&self) -> bool {
        let waiting = self.encoded.len() - self.head;
        if waiting == 0 {
            // Nothing has to be moved, and a secret should not stay until the slices are sent. Each
            // of those is corrected once at most: bytes that are encoded later are sent after them.
            return self.head > 0;
        }
        let cost = waiting + self.slices.len() * size_of::<Slice>();
        self.head >= MIN_RECLAIM.max(cost / 4)
    }

    /// Moves the bytes that wait to the front of the buffer. Only [`advance`](Self::advance) may do
    /// this: between [`open`](Self::open) and [`close`](Self::close) the caller holds an offset.
    fn compact(&mut self) {
        self.encoded.copy_within(self.head.., 0);
        self.truncate(self.encoded.len() - self.head);
        for slice in &mut self.slices {
            slice.after -= self.head;
        }
        self.head = 0;
    }

    /// Gives memory back that the bytes that wait do not need.
    #[inline]
    fn shrink(&mut self) {
        if self.encoded.capacity() > KEPT_BYTES + 4 * self.encoded.len() {
            self.reallocate(2 * self.encoded.len());
        }
        if self.slices.capacity() > KEPT_SLICES + 4 * self.slices.len() {
            self.slices.shrink_to(2 * self.slices.len());
        }
    }

    /// Makes room for this many bytes, which do not fit.
    #[cold]
    fn grow(&mut self, additional: usize) {
        let needed = self.encoded.len() + additional;
        let capacity = self.encoded.capacity();
        let more = if capacity < LARGE { 2 * capacity } else { capacity + capacity / 4 };
        let capacity = needed.max(more);
        if self.secret && !self.encoded.is_empty() {
            // The vector itself would leave the secret in its old memory.
            self.reallocate(capacity);
        } else {
            self.encoded.reserve_exact(capacity - self.encoded.len());
        }
    }

    #[cold]
    fn reallocate(&mut self, capacity: usize) {
        let mut encoded = Vec::with_capacity(capacity);
        encoded.extend_from_slice(&self.encoded);
        let mut old = std::mem::replace(&mut self.encoded, encoded);
        if self.secret {
            wipe(&mut old, 0);
        }
    }

    /// Gives up what the buffer holds from `start` on.
    #[inline]
    fn truncate(&mut self, start: usize) {
        if self.secret {
            wipe(&mut self.encoded, start);
            self.secret = start > 0;
        }
        self.encoded.truncate(start);
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.truncate(0);
    }
}

/// Overwrites what a buffer holds from `start` on, and the memory that it has beyond its length.
#[cold]
fn wipe(buffer: &mut Vec<u8>, start: usize) {
    #[cfg(test)]
    tests::WIPED.with_borrow_mut(|wiped| wiped.extend_from_slice(&buffer[start..]));
    buffer[start..].zeroize();
    buffer.spare_capacity_mut().zeroize();
}

#[cfg(test)]
pub(super) mod tests;
