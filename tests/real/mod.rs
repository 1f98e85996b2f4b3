//! Tests with real servers, and what they share.

mod landed;
mod pipeline;
mod postfix;
mod round_trip;
mod server;
mod streams;
