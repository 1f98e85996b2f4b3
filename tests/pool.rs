//! How the pool behaves, one file for each behaviour. Servers are models, time is virtual.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod pool {
    mod answers;
    mod bounds;
    mod cancellation;
    mod chaos;
    mod check;
    mod check_out;
    mod closing;
    mod counters;
    mod credentials;
    mod fairness;
    mod message;
    mod opening;
    mod outbox;
    mod peer;
    mod pools;
    mod replacement;
    mod retry;
    mod send_all;
    mod sending;
    mod simulation;
    mod spans;
    mod tower;
    mod unreachable;
    mod watchdog;
}
