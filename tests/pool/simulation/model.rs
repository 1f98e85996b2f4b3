//! A server that follows the RFCs until it does not: it refuses, closes, hangs and slows at random.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::sleep;

use super::books::Books;
use super::dice::Dice;

/// How often in a thousand steps the server does something else than it should.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Whims {
    /// It closes without a word: before a reply, in the middle of a message, or after it took one.
    pub(in super::super) closes: u64,
    /// It says 421 and closes.
    pub(in super::super) goes: u64,
    /// It says 450.
    pub(in super::super) refuses: u64,
    /// It reads, and says nothing more.
    pub(in super::super) hangs: u64,
    /// It takes up to so many milliseconds for a reply.
    pub(in super::super) slows: u64,
    pub(in super::super) slowest: u64,
}

/// Whether the session goes on.
#[derive(PartialEq, Eq)]
enum Next {
    Reply,
    Refuse,
    End,
}

struct Session<S> {
    stream: BufReader<S>,
    books: Books,
    whims: Whims,
    dice: Dice,
}

/// Serves a connection of the client at this address.
pub(in super::super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    client: SocketAddr,
    (books, whims, dice): (Books, Whims, Dice),
) {
    let _accepted = books.accept(client);
    let stream = BufReader::new(stream);
    // How it ends is the client's affair.
    let _ = Session { stream, books, whims, dice }.run().await;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    async fn run(&mut self) -> io::Result<()> {
        if self.next().await? == Next::End {
            return Ok(());
        }
        self.say("220 model.test ESMTP\r\n").await?;
        let mut in_transaction = false;
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let refuses = match self.next().await? {
                Next::Reply => false,
                Next::Refuse => true,
                Next::End => return Ok(()),
            };
            let verb = line.split([' ', '\r']).next().unwrap_or_default();
            let reply = match verb {
                "EHLO" => "250-model.test\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n",
                "QUIT" => return self.say("221 2.0.0 bye\r\n").await,
                "RSET" => {
                    in_transaction = false;
                    "250 2.0.0 ok\r\n"
                }
                "MAIL" | "RCPT" if refuses => "450 4.2.0 not now\r\n",
                "MAIL" => {
                    in_transaction = true;
                    "250 2.1.0 ok\r\n"
                }
                "RCPT" if in_transaction => "250 2.1.5 ok\r\n",
                "DATA" if in_transaction => {
                    in_transaction = false;
                    self.say("354 go on\r\n").await?;
                    if self.message().await? == Next::End {
                        return Ok(());
                    }
                    continue;
                }
                _ => "503 5.5.1 not now\r\n",
            };
            self.say(reply).await?;
        }
    }

    /// Reads a message, and takes it or does not.
    async fn message(&mut self) -> io::Result<Next> {
        let mut message = Vec::new();
        while !message.ends_with(b"\r\n.\r\n") {
            message.push(self.stream.read_u8().await?);
        }
        match self.next().await? {
            Next::Reply => {}
            Next::Refuse => {
                self.say("451 4.3.0 not now\r\n").await?;
                return Ok(Next::Refuse);
            }
            Next::End => return Ok(Next::End),
        }
        let line = String::from_utf8_lossy(&message);
        let number = line.lines().next().and_then(|line| line.strip_prefix("Subject: "));
        self.books.take(number.and_then(|number| number.parse().ok()).expect("its number"));
        // It may close or hang after it took the message. A 421 would deny that it did.
        let Whims { goes, refuses, .. } = self.whims;
        (self.whims.goes, self.whims.refuses) = (0, 0);
        let next = self.next().await?;
        (self.whims.goes, self.whims.refuses) = (goes, refuses);
        if next == Next::Reply {
            self.say("250 2.0.0 taken\r\n").await?;
        }
        Ok(next)
    }

    /// One step: goes on, or does what it should not.
    async fn next(&mut self) -> io::Result<Next> {
        let Whims { closes, goes, refuses, hangs, slows, slowest } = self.whims;
        if self.dice.falls(slows) {
            sleep(self.dice.millis(slowest)).await;
        }
        if self.dice.falls(closes) {
            return Ok(Next::End);
        }
        if self.dice.falls(goes) {
            self.say("421 4.3.2 going down\r\n").await?;
            return Ok(Next::End);
        }
        if self.dice.falls(hangs) {
            tokio::io::copy(&mut self.stream, &mut tokio::io::sink()).await?;
            return Ok(Next::End);
        }
        Ok(if self.dice.falls(refuses) { Next::Refuse } else { Next::Reply })
    }

    async fn say(&mut self, line: &str) -> io::Result<()> {
        self.stream.write_all(line.as_bytes()).await
    }
}
