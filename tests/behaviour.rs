//! How the client behaves, one file for each behaviour. Servers are scripts, time is virtual.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod behaviour {
    mod addresses;
    mod amplification;
    mod auth_edges;
    mod authenticate;
    mod blocking;
    mod bodies;
    mod bounds;
    mod cancellation;
    mod check;
    mod client_name;
    mod connecting;
    mod content_policy;
    mod content_safety;
    mod contributing;
    mod credentials;
    mod custom_commands;
    mod deliver;
    mod deliver_all;
    mod derive;
    mod diagnosis;
    mod each;
    mod early;
    mod envelopes;
    mod executor;
    mod extension_commands;
    mod facts;
    mod farewell;
    mod faults;
    mod feed;
    mod greeting;
    mod hostile;
    mod injection;
    mod layering;
    mod lmtp;
    mod memory;
    mod model;
    mod ntlm_otp;
    mod openers;
    mod opportunistic;
    mod outcomes;
    mod parameters;
    mod peer_address;
    mod pipeline;
    mod pipelining;
    mod policy;
    mod prdr;
    mod proxies;
    mod receipts;
    mod replies_decide;
    mod scram;
    mod secrets;
    mod sizes;
    mod sources;
    mod spawned;
    mod splitting;
    mod starttls;
    mod submission;
    mod support;
    mod timeouts;
    mod tls;
    mod tokens;
    mod transaction;
    mod transfer;
    mod url;
    mod without_tls;
    mod words;
}
