//! The books: what the server took, what callers were told, and which connections were open.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use smtp::{DeliverError, Receipt};
use smtp_pool::SendError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[derive(Clone, Debug, Default)]
pub(in super::super) struct Books(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    /// How often the server took each message.
    taken: HashMap<usize, usize>,
    told: HashMap<usize, Told>,
    /// Connections by the address of the client: those that the server has, and those that the
    /// client has. The server learns of the client's end later, or never.
    at_server: HashSet<SocketAddr>,
    at_client: HashSet<SocketAddr>,
    /// The most that both had at once.
    most: usize,
    /// Connections that the client has or makes, and the most at once.
    made: usize,
    most_made: usize,
    accepted: usize,
}

/// The answer that a caller got for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Told {
    Delivered,
    Unknown,
    NotDelivered,
    /// It has gone: the message was sent or not.
    Gone,
}

impl Books {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap()
    }

    pub(super) fn take(&self, message: usize) {
        *self.lock().taken.entry(message).or_default() += 1;
    }

    pub(in super::super) fn tell(&self, message: usize, result: &Result<Receipt, SendError>) {
        let told = match result {
            Ok(_) => Told::Delivered,
            Err(SendError::Delivery(DeliverError::Unknown(_))) => Told::Unknown,
            Err(_) => Told::NotDelivered,
        };
        self.record(message, told);
    }

    /// The caller did not wait for the answer.
    pub(super) fn tell_gone(&self, message: usize) {
        self.record(message, Told::Gone);
    }

    fn record(&self, message: usize, told: Told) {
        let before = self.lock().told.insert(message, told);
        assert_eq!(before, None, "one answer for each message");
    }

    /// The client begins to connect.
    pub(in super::super) fn connect(&self) -> Made {
        let mut entries = self.lock();
        entries.made += 1;
        entries.most_made = entries.most_made.max(entries.made);
        Made(self.clone())
    }

    /// The server has accepted a connection.
    pub(super) fn accept(&self, client: SocketAddr) -> Accepted {
        let mut entries = self.lock();
        entries.accepted += 1;
        entries.at_server.insert(client);
        entries.count();
        Accepted(self.clone(), client)
    }

    /// The broken promises, with at most so many connections at once.
    pub(in super::super) fn errors(&self, messages: usize, bound: usize) -> String {
        let entries = self.lock();
        let mut errors = String::new();
        for message in 0..messages {
            let taken = entries.taken.get(&message).copied().unwrap_or(0);
            let right = match entries.told.get(&message) {
                Some(Told::Delivered) => taken == 1,
                Some(Told::Unknown | Told::Gone) => taken <= 1,
                Some(Told::NotDelivered) => taken == 0,
                None => false,
            };
            if !right {
                let told = entries.told.get(&message);
                let _ = writeln!(errors, "message {message}: told {told:?}, taken {taken} times");
            }
        }
        for (most, of) in [(entries.most, "by the server's count"), (entries.most_made, "made")] {
            if bound < most {
                let _ = writeln!(errors, "{most} connections at once, {of}");
            }
        }
        errors
    }

    /// How many messages were delivered, are unknown, and were not delivered.
    pub(in super::super) fn told(&self) -> [usize; 3] {
        let entries = self.lock();
        [Told::Delivered, Told::Unknown, Told::NotDelivered]
            .map(|told| entries.told.values().filter(|&&it| it == told).count())
    }

    /// How many connections there were, and the most at once.
    pub(in super::super) fn connections(&self) -> (usize, usize) {
        let entries = self.lock();
        (entries.accepted, entries.most)
    }
}

impl Entries {
    fn count(&mut self) {
        self.most = self.most.max(self.at_server.intersection(&self.at_client).count());
    }
}

/// A connection that the client makes.
#[derive(Debug)]
pub(in super::super) struct Made(Books);

impl Made {
    pub(in super::super) fn stream<S>(self, local: SocketAddr, stream: S) -> Watched<S> {
        let mut entries = self.0.lock();
        entries.at_client.insert(local);
        entries.count();
        drop(entries);
        Watched { local, stream, made: self }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.0.lock().made -= 1;
    }
}

/// A connection that the server has.
#[derive(Debug)]
pub(super) struct Accepted(Books, SocketAddr);

impl Drop for Accepted {
    fn drop(&mut self) {
        self.0.lock().at_server.remove(&self.1);
    }
}

/// The client's end of a connection.
#[derive(Debug)]
pub(in super::super) struct Watched<S> {
    local: SocketAddr,
    stream: S,
    made: Made,
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.made.0.lock().at_client.remove(&self.local);
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
