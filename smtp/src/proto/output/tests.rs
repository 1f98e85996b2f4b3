//! The send buffer against readers that take little, that take all, and that look for secrets.

use std::cell::RefCell;

use super::*;

const SEGMENT: usize = 64 * 1024;
const SECRET: &[u8] = b"AHVzZXIAcGVuY2ls";

thread_local! {
    /// The bytes that this test has wiped.
    pub(super) static WIPED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that say where they belong: an output between one who queues them and one who reads.
struct Pipe {
    output: Output,
    numbers: Bytes,
    read: usize,
    /// How many bytes were moved to the front of the buffer.
    moved: usize,
}

impl Pipe {
    /// A prime, so that no length of a segment or a buffer is a multiple of it.
    const PERIOD: usize = 251;

    fn new() -> Self {
        let numbers = (0..=250).cycle().take(2 * SEGMENT).collect::<Vec<u8>>().into();
        Self { output: Output::default(), numbers, read: 0, moved: 0 }
    }

    fn next(&self, length: usize) -> Bytes {
        let start = (self.read + self.output.remaining()) % Self::PERIOD;
        self.numbers.slice(start..start + length)
    }

    fn copy(&mut self, length: usize) {
        self.output.copy(&self.next(length));
    }

    fn push(&mut self, length: usize) {
        self.output.push(self.next(length));
    }

    /// Reads at most this many bytes with one call, and checks that they come next.
    fn read(&mut self, most: usize) {
        let mut slices = [IoSlice::new(&[]); 4];
        let filled = self.output.slices(&mut slices);
        let mut count = 0;
        for slice in &slices[..filled] {
            let bytes = &slice[..slice.len().min(most - count)];
            for chunk in bytes.chunks(SEGMENT) {
                let start = (self.read + count) % Self::PERIOD;
                assert_eq!(chunk, &self.numbers[start..start + chunk.len()], "out of order");
                count += chunk.len();
            }
        }
        assert!(count > 0, "bytes wait and none is offered");
        let head = self.output.head;
        self.output.advance(count);
        self.read += count;
        if self.output.head < head {
            self.moved +=
                self.output.encoded.len() + size_of_val(self.output.slices.make_contiguous());
        }
    }

    /// Reads until this many bytes wait.
    fn read_down_to(&mut self, waiting: usize, step: usize) {
        while self.output.remaining() > waiting {
            self.read(step.min(self.output.remaining() - waiting));
            self.assert_small();
        }
    }

    /// Memory is bounded by what waits and one segment.
    fn assert_small(&self) {
        let (capacity, waiting) = (self.output.capacity(), self.output.remaining());
        let most = 16 * (waiting + SEGMENT);
        assert!(capacity <= most, "{capacity} bytes of memory while {waiting} wait");
    }
}

#[test]
fn order_is_kept_however_little_is_taken_at_a_time() {
    for step in [1, 3, 511, 4096, 100_000] {
        for waiting in [1, 700, 10_000] {
            let mut pipe = Pipe::new();
            for round in 0..60 {
                for length in [1, MIN_SLICE - 1, MIN_SLICE, 6, 2000, 100] {
                    pipe.push(length);
                    if round % 3 > 0 {
                        pipe.copy(length);
                    }
                    pipe.read_down_to(waiting, step);
                }
            }
            let queued = pipe.output.queued();
            pipe.read_down_to(0, step);
            assert_eq!(pipe.read as u64, queued, "steps of {step}");
            assert!(pipe.output.encoded().is_empty(), "the buffer is used again");
        }
    }
}

#[test]
fn memory_is_bounded_while_bytes_always_wait() {
    let queue: [(&str, fn(&mut Pipe)); 4] = [
        ("copied lines", |pipe| pipe.copy(78)),
        ("slices", |pipe| pipe.push(SEGMENT)),
        ("tiny slices", |pipe| pipe.push(40)),
        ("both", |pipe| {
            pipe.copy(78);
            pipe.push(MIN_SLICE);
        }),
    ];
    for (name, queue) in queue {
        for (least, most) in [(1, 2 * SEGMENT), (200 * 1024, 320 * 1024)] {
            let mut pipe = Pipe::new();
            while pipe.read < 64 * 1024 * 1024 {
                while pipe.output.remaining() < most {
                    queue(&mut pipe);
                }
                pipe.assert_small();
                pipe.read_down_to(least, 10_000);
            }
            assert!(pipe.moved <= 4 * pipe.read, "{} bytes of {name} were moved", pipe.moved);
            let encoded = pipe.output.encoded().len();
            assert!(encoded <= 2 * most + MIN_RECLAIM, "{encoded} encoded bytes of {name}");
        }
    }
}

#[test]
fn memory_is_given_back_after_much_has_waited() {
    for (name, queue) in [("copies", Pipe::copy as fn(&mut Pipe, usize)), ("slices", Pipe::push)] {
        for least in [0, 1, MIN_SLICE] {
            let mut pipe = Pipe::new();
            while pipe.output.remaining() < 16 * 1024 * 1024 {
                queue(&mut pipe, MIN_SLICE);
            }
            while pipe.output.remaining() > least {
                pipe.read(pipe.output.remaining() - least);
            }
            assert_eq!(pipe.output.remaining(), least, "{name}");
            pipe.assert_small();
        }
    }
}

/// An output in which a line with a secret waits after other bytes.
fn with_secret(before: usize) -> Output {
    WIPED.take();
    let mut output = Output::default();
    output.copy(&vec![b'x'; before]);
    output.copy(&[b"AUTH PLAIN ", SECRET, b"\r\n"].concat());
    output.mark_secret();
    output
}

/// The bytes that this test has wiped since the last call.
pub(in crate::proto) fn wiped() -> Vec<u8> {
    WIPED.take()
}

/// How many copies of the secret were wiped since the last call.
fn wiped_secrets() -> usize {
    memchr::memmem::find_iter(&wiped(), SECRET).count()
}

#[test]
fn each_place_where_a_secret_was_is_wiped() {
    // How many bytes wait before the secret, what happens, and how many places it leaves.
    let table: [(&str, usize, fn(&mut Output), usize); 9] = [
        ("nothing is sent", 0, |_| {}, 0),
        ("all is sent", 0, |output| output.advance(output.remaining()), 1),
        (
            "all of the buffer is sent, and a slice waits",
            0,
            |output| {
                output.push(vec![b'x'; MIN_SLICE].into());
                output.advance(output.remaining() - 1);
            },
            1,
        ),
        ("all is forgotten", 0, Output::clear, 1),
        ("the secret is moved", 5000, |output| output.advance(5000), 1),
        (
            "the secret is sent, and the rest is moved",
            5000,
            |output| {
                output.copy(&[b'x'; 500]);
                output.advance(5100);
            },
            1,
        ),
        ("the buffer grows for a copy", 0, |output| output.copy(&[b'x'; 5000]), 1),
        (
            "the buffer grows for a line",
            0,
            |output| {
                output.encode(|buffer| buffer.extend_from_slice(&[b'x'; 5000]));
            },
            1,
        ),
        // Both are wiped, as the other is dropped.
        ("another output takes it", 0, |output| Output::default().append(output), 2),
    ];
    for (name, before, happens, places) in table {
        let mut output = with_secret(before);
        happens(&mut output);
        assert_eq!(wiped_secrets(), places, "{name}");
    }
    drop(with_secret(0));
    assert_eq!(wiped_secrets(), 1, "the output is dropped");
}

#[test]
fn a_secret_is_wiped_until_it_was_sent_and_not_after() {
    let mut output = with_secret(5000);
    output.advance(5000);
    assert_eq!(wiped_secrets(), 1, "it was moved");
    output.advance(output.remaining());
    assert_eq!(wiped_secrets(), 1, "it was sent");
    output.copy(SECRET);
    output.advance(output.remaining());
    drop(output);
    assert_eq!(wiped_secrets(), 0, "nothing says that this is one");
}

#[test]
fn nothing_is_left_of_what_is_wiped() {
    let mut buffer = b"line secret".to_vec();
    wipe(&mut buffer, 5);
    assert_eq!(buffer, b"line \0\0\0\0\0\0");
}
