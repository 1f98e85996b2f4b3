//! A model test: a server that knows what it delivered checks what the client reports.
//!
//! Each session is random: messages, the calls that send them, and a server that offers, refuses,
//! cuts and delays what its [`Plan`](plan::Plan) says. Afterwards the books of both sides are
//! compared. The server shares no code with the client.
//!
//! ```text
//! cargo test -p tests --test behaviour model::              840 sessions
//! MODEL_SESSIONS=5000 cargo test -p tests --test behaviour model::
//! MODEL_SEED=7 cargo test ..                                other sessions
//! MODEL_SHRINK=0 cargo test ..                              which rules, and how often: no shrinking
//! ```
//!
//! A run finds every promise that is not kept, and shrinks one session for each.
//!
//! | file | the question it answers |
//! |---|---|
//! | `plan`, `case` | what happens in a session? |
//! | `wire` | how do bytes move? |
//! | `server` | what does a server do that follows the RFCs and its plan? |
//! | `client`, `sources` | which calls are made, with what? |
//! | `verdict` | what did these calls say? The errors and receipts of the library are known here alone. |
//! | `log`, `truth` | what was said, read and delivered, and what may a client say then? |
//! | `oracle` | what must hold? |
//! | `survey` | how are sessions made, shrunk and shown? |
//! | `kept` | which sessions went wrong once? |
//! | `sabotage`, `mutants` | would the oracle notice? |

mod case;
mod client;
mod kept;
mod literal;
mod log;
mod mutants;
mod oracle;
mod plan;
mod sabotage;
mod server;
mod shrink;
mod sources;
mod survey;
mod truth;
mod verdict;
mod wire;

use proptest::prelude::*;

use case::{Mode, Way, chunk_sizes, windows};
use plan::Protocol;
use survey::survey;

fn chunks() -> impl Strategy<Value = Way> {
    chunk_sizes().prop_map(Way::Chunks)
}

fn eager() -> impl Strategy<Value = Way> {
    (chunk_sizes(), windows())
        .prop_map(|(size, (messages, bytes))| Way::Eager(size, messages, bytes))
}

fn data() -> impl Strategy<Value = Way> {
    Just(Way::Data)
}

/// A survey for each way to send: a test of that name.
macro_rules! surveys {
    ($protocol:ident: $($name:ident, $modes:expr;)*) => {$(
        #[test]
        fn $name() {
            survey(stringify!($name), Protocol::$protocol, $modes);
        }
    )*};
}

surveys! {
    Smtp:
    deliver_with_data, data().prop_map(Mode::Deliver);
    deliver_in_chunks, chunks().prop_map(Mode::Deliver);
    deliver_eagerly, eager().prop_map(Mode::Deliver);
    deliver_all_with_data, data().prop_map(Mode::DeliverAll);
    deliver_all_in_chunks, chunks().prop_map(Mode::DeliverAll);
    deliver_all_eagerly, eager().prop_map(Mode::DeliverAll);
    stream_with_data, data().prop_map(Mode::DeliverStream);
    stream_in_chunks, chunks().prop_map(Mode::DeliverStream);
    stream_eagerly, eager().prop_map(Mode::DeliverStream);
    feed_with_data, data().prop_map(Mode::Feed);
    feed_in_chunks, chunks().prop_map(Mode::Feed);
    feed_eagerly, eager().prop_map(Mode::Feed);
    typed_calls_with_data, Just(Mode::TypedData);
    typed_calls_in_chunks, chunk_sizes().prop_map(Mode::TypedBdat);
    pipelines, Just(Mode::Pipeline);
    pipelines_of_two_messages, Just(Mode::PipelinePairs);
}

surveys! {
    Prdr:
    prdr_deliver_with_data, data().prop_map(Mode::Deliver);
    prdr_deliver_in_chunks, chunks().prop_map(Mode::Deliver);
    prdr_deliver_eagerly, eager().prop_map(Mode::Deliver);
    prdr_deliver_all_with_data, data().prop_map(Mode::DeliverAll);
    prdr_deliver_all_in_chunks, chunks().prop_map(Mode::DeliverAll);
    prdr_deliver_all_eagerly, eager().prop_map(Mode::DeliverAll);
    prdr_stream_with_data, data().prop_map(Mode::DeliverStream);
    prdr_stream_in_chunks, chunks().prop_map(Mode::DeliverStream);
    prdr_feed_with_data, data().prop_map(Mode::Feed);
    prdr_feed_in_chunks, chunks().prop_map(Mode::Feed);
    prdr_typed_calls_with_data, Just(Mode::TypedData);
    prdr_typed_calls_in_chunks, chunk_sizes().prop_map(Mode::TypedBdat);
    prdr_pipelines, Just(Mode::Pipeline);
    prdr_pipelines_of_two_messages, Just(Mode::PipelinePairs);
}

// Without eager ways, which LMTP does not have.
surveys! {
    Lmtp:
    lmtp_deliver_with_data, data().prop_map(Mode::Deliver);
    lmtp_deliver_in_chunks, chunks().prop_map(Mode::Deliver);
    lmtp_deliver_all_with_data, data().prop_map(Mode::DeliverAll);
    lmtp_deliver_all_in_chunks, chunks().prop_map(Mode::DeliverAll);
    lmtp_stream_with_data, data().prop_map(Mode::DeliverStream);
    lmtp_stream_in_chunks, chunks().prop_map(Mode::DeliverStream);
    lmtp_feed_with_data, data().prop_map(Mode::Feed);
    lmtp_feed_in_chunks, chunks().prop_map(Mode::Feed);
    lmtp_typed_calls_with_data, Just(Mode::TypedData);
    lmtp_typed_calls_in_chunks, chunk_sizes().prop_map(Mode::TypedBdat);
    lmtp_pipelines, Just(Mode::Pipeline);
    lmtp_pipelines_of_two_messages, Just(Mode::PipelinePairs);
}
