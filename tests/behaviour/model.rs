//! A model test: a server that knows what it delivered checks what the client reports.
//!
//! Each session is random: messages, the calls that send them, and a server that offers, refuses,
//! cuts and delays what its [`Plan`](plan::Plan) says. Afterwards the books of both sides are
//! compared. The server shares no code with the client.
//!
//! ```text
//! cargo test -p tests --test behaviour model::              200 sessions
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
//! | `client` | which calls are made? |
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
mod survey;
mod truth;
mod verdict;
mod wire;

use proptest::prelude::*;

use case::{Mode, Way, chunk_sizes, windows};
use survey::survey;

fn chunks() -> impl Strategy<Value = Way> {
    chunk_sizes().prop_map(Way::Chunks)
}

fn eager() -> impl Strategy<Value = Way> {
    (chunk_sizes(), windows())
        .prop_map(|(size, (messages, bytes))| Way::Eager(size, messages, bytes))
}

#[test]
fn deliver_with_data() {
    survey("deliver_with_data", Just(Mode::Deliver(Way::Data)));
}

#[test]
fn deliver_in_chunks() {
    survey("deliver_in_chunks", chunks().prop_map(Mode::Deliver));
}

#[test]
fn deliver_eagerly() {
    survey("deliver_eagerly", eager().prop_map(Mode::Deliver));
}

#[test]
fn deliver_all_with_data() {
    survey("deliver_all_with_data", Just(Mode::DeliverAll(Way::Data)));
}

#[test]
fn deliver_all_in_chunks() {
    survey("deliver_all_in_chunks", chunks().prop_map(Mode::DeliverAll));
}

#[test]
fn deliver_all_eagerly() {
    survey("deliver_all_eagerly", eager().prop_map(Mode::DeliverAll));
}

#[test]
fn typed_calls_with_data() {
    survey("typed_calls_with_data", Just(Mode::TypedData));
}

#[test]
fn typed_calls_in_chunks() {
    survey("typed_calls_in_chunks", chunk_sizes().prop_map(Mode::TypedBdat));
}

#[test]
fn pipelines() {
    survey("pipelines", Just(Mode::Pipeline));
}

#[test]
fn pipelines_of_two_messages() {
    survey("pipelines_of_two_messages", Just(Mode::PipelinePairs));
}
