//! The memory of the queue while a server takes little of a large message at a time.

use smtp_grammar::{Reply, ReplyCode};

use super::*;
use crate::proto::limits::Limits;

const MESSAGE: usize = 2 << 20;
const CHUNK: usize = 256 * 1024;
/// Bytes that the server takes at a time: as many as memory is moved by, and as many as it is not.
const TAKEN: [usize; 2] = [4 << 10, 40_000];
/// A segment whose every third byte is doubled, and the command of a chunk.
const SEGMENT: usize = PIECE / 3 * 4 + 100;
/// The most memory that the queue may keep.
const KEPT: usize = 640 << 10;

/// The most bytes that wait at once, and the most memory that queue and chunk hold, without what
/// the caller holds.
fn most(body: Body<'_>, method: BodyMethod, taken: usize) -> (usize, usize) {
    let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, ["host", "CHUNKING"]));
    let mut engine = Engine::new(Limits::default(), None);
    let summary = body.summary().expect("a message that can be sent");
    let content = Content::new(body, method, summary, Declared::default(), CHUNK);
    let mut content = content.expect("a message that can be sent");
    let (mut waiting, mut memory) = (0, 0);
    loop {
        let need = content.advance(&mut engine, &capabilities, false).expect("a message");
        let output = engine.output();
        waiting = waiting.max(output.remaining());
        memory = memory.max(output.capacity() + content.chunk.capacity());
        output.advance(output.remaining().min(taken));
        if need == ContentNeed::Done {
            return (waiting, memory);
        }
    }
}

#[test]
fn the_queue_of_a_large_message_stays_small() {
    for line in ["a line of text\n", ".\r\n", "a line of text\r\n"] {
        let message = line.repeat(MESSAGE / line.len());
        for taken in TAKEN {
            let (waiting, memory) = most(Body::from(message.as_str()), BodyMethod::Data, taken);
            assert!(waiting <= MAX_QUEUED_BYTES + SEGMENT, "{line:?} {taken}: {waiting} wait");
            assert!(memory <= KEPT, "{line:?} {taken}: {memory} held");
            // A chunk is held until it is counted, in a buffer of its own.
            let (waiting, memory) = most(Body::from(message.as_str()), BodyMethod::Bdat, taken);
            let queued = MAX_QUEUED_BYTES + SEGMENT;
            assert!(waiting <= queued, "{line:?} {taken}: {waiting} wait");
            assert!(
                memory <= KEPT + CHUNK + CHUNK / 4 + SEGMENT,
                "{line:?} {taken}: {memory} held"
            );
        }
    }
}
