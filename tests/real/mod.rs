//! Tests with real servers, and what they share.

mod landed;
mod postfix;
mod round_trip;
mod server;
