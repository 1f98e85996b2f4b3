//! The ways to send many messages over some connections.

use std::fmt::{self, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use smtp::connection::Stopped;
use smtp::state::Greeted;
use smtp::{Connection, Envelope, Server};
use smtp_pool::{Pool, Session};
use tokio::task::spawn;

use crate::{envelope, settings};

/// The messages that are to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Tasks that send at once, each one message after the other.
    pub(crate) callers: usize,
    /// Messages in all.
    pub(crate) messages: usize,
    pub(crate) body: &'static [u8],
}

#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// `Pool::send` by each caller.
    Send,
    /// `Pool::send_all` of all messages.
    SendAll,
    /// `deliver_all` over each connection, without a pool, as the example `load` does.
    Stream,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::Send, Self::SendAll, Self::Stream];

    pub(crate) fn named(name: &str) -> Self {
        let way = Self::ALL.into_iter().find(|way| way.to_string() == name);
        way.unwrap_or_else(|| panic!("{name} is none of send, send_all, stream"))
    }

    /// Opens the connections.
    pub(crate) async fn open(self, server: &Server, connections: usize) -> Sender {
        if let Self::Stream = self {
            let mut open = Vec::new();
            for _ in 0..connections {
                open.push(Connection::connect(server).await.expect("EHLO"));
            }
            return Sender::Stream(open);
        }
        let pool = Pool::with_settings(server.clone(), settings(connections));
        pool.warm_up().await;
        assert_eq!(pool.connections().len(), connections);
        if let Self::SendAll = self { Sender::SendAll(pool) } else { Sender::Send(pool) }
    }
}

impl Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Send => "send",
            Self::SendAll => "send_all",
            Self::Stream => "stream",
        })
    }
}

/// Connections that are open.
pub(crate) enum Sender {
    Send(Pool<Connection<Greeted>>),
    SendAll(Pool<Connection<Greeted>>),
    Stream(Vec<Connection<Greeted>>),
}

impl Sender {
    pub(crate) async fn send(&mut self, load: Load) {
        match self {
            Self::Send(pool) => send(pool, load).await,
            Self::SendAll(pool) => {
                let pool = pool.clone();
                spawn(async move { send_all(&pool, load).await }).await.expect("a caller");
            }
            Self::Stream(connections) => deliver_all(connections, load).await,
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Send(pool) | Self::SendAll(pool) => {
                assert_eq!(pool.close(Duration::from_secs(10)).await, 0);
            }
            Self::Stream(connections) => {
                for connection in connections {
                    connection.quit().await.expect("QUIT");
                }
            }
        }
    }
}

/// Sends the messages, each caller its part.
pub(crate) async fn send<C: Session>(pool: &Pool<C>, load: Load) {
    let Load { callers, messages, body, .. } = load;
    let envelope = envelope();
    let callers: Vec<_> = (0..callers)
        .map(|index| {
            let (pool, envelope) = (pool.clone(), envelope.clone());
            let share = messages / callers + usize::from(index < messages % callers);
            spawn(async move {
                for _ in 0..share {
                    let receipt = pool.send(envelope.clone(), Bytes::from_static(body)).await;
                    assert!(receipt.expect("a receipt").is_complete());
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller");
    }
}

async fn send_all<C: Session>(pool: &Pool<C>, load: Load) {
    let (envelope, mut taken) = (envelope(), 0);
    let messages = (0..load.messages).map(|_| (envelope.clone(), Bytes::from_static(load.body)));
    let report = |_, receipt: Result<smtp::Receipt, _>| {
        assert!(receipt.expect("a receipt").is_complete());
        taken += 1;
    };
    pool.send_all(stream::iter(messages), report).await;
    assert_eq!(taken, load.messages);
}

/// Sends the messages; each connection takes the next when it has room.
async fn deliver_all(connections: &mut Vec<Connection<Greeted>>, load: Load) {
    let left = Arc::new(AtomicUsize::new(load.messages));
    let streams: Vec<_> = connections
        .drain(..)
        .map(|connection| spawn(deliver(connection, envelope(), Arc::clone(&left), load.body)))
        .collect();
    for stream in streams {
        connections.push(stream.await.expect("a stream"));
    }
}

async fn deliver(
    mut connection: Connection<Greeted>,
    envelope: Envelope,
    left: Arc<AtomicUsize>,
    body: &'static [u8],
) -> Connection<Greeted> {
    let less = |left: usize| left.checked_sub(1);
    let messages = std::iter::from_fn(|| {
        let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.is_ok().then(|| (envelope.clone(), Bytes::from_static(body)))
    });
    let delivered = connection.deliver_all(messages, |_, receipt| {
        assert!(receipt.expect("a receipt").is_complete());
    });
    assert_eq!(delivered.await.expect("a session"), Stopped::Exhausted);
    connection
}
