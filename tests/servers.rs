//! Real servers: mail goes in through PLAIN with STARTTLS and with implicit TLS, and is read back
//! byte for byte from the mailbox.
//!
//! The servers are started by the scripts in `servers/`, on free ports of the loopback interface,
//! once for all tests, and stopped by the scripts after the tests have ended. A server that is not
//! installed is skipped, and the tests say so; `servers/install.sh` installs them.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used, clippy::panic)]

mod real;
