//! Servers for tests, ours and yours: one that follows a script, and one that keeps the mail.
//!
//! Neither uses code of the client, so that both check it independently.
//!
//! * [`Script`] plays one side of a dialogue and checks the other. It needs no socket and no
//!   second task, and knows virtual time: a test of a ten-minute timeout takes no time at all.
//! * [`CaptureServer`] is a submission server on a port of the loopback interface, with TLS,
//!   authentication and the usual extensions. It keeps the mail for the test to read.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), smtp::Error> {
//! use smtp::testing::Script;
//! use smtp::{Connection, Server, command::Noop};
//!
//! let (stream, peer) = Script::new(
//!     "S: 220 mail.example.test ESMTP
//!      C: EHLO [127.0.0.1]
//!      S: 250 mail.example.test
//!      C: NOOP
//!      S: 250 still here",
//! )
//! .start();
//! let server = Server::new("mail.example.test", 25);
//! let mut connection = Connection::from_stream(stream, &server).await?;
//! let reply = connection.send(Noop).await?;
//! assert_eq!(reply.text(), "still here");
//! peer.finish();
//! # Ok(())
//! # }
//! ```

// A test that cannot go on fails, and says why: that is what a panic is for.
#![allow(clippy::panic, clippy::expect_used)]

mod capture;
mod certificate;
mod script;

pub use capture::{CaptureServer, CaptureServerBuilder, Captured};
pub use certificate::Certificate;
pub use script::{Peer, Script, ScriptedStream};
