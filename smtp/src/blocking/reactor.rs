//! The runtime of a blocking connection: it runs on the thread that calls, and while it calls.

use std::future::IntoFuture;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinHandle, yield_now};

use crate::error::lost::Lost;
use crate::proto::fault::Fault;
use crate::proto::stage::Stage;

/// A runtime without threads. Clones share it, and it ends with the last.
#[derive(Clone, Debug)]
pub(super) struct Reactor(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    handle: Handle,
    /// Until it is dropped.
    runtime: Option<Runtime>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The plain drop of a runtime waits for its threads, and panics where one must not wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Reactor {
    /// # Errors
    ///
    /// [`Fault::InsideRuntime`] where this thread must not wait; [`Fault::Local`] when the machine
    /// has no descriptors to spare.
    pub(super) fn new() -> Result<Self, Lost> {
        let unreached = |fault| Lost::new(fault, Some(Stage::Connect));
        if !may_wait() {
            return Err(unreached(Fault::InsideRuntime));
        }
        // The one thread is that of the system's resolver, which blocks: it ends with its answer.
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(1)
            .thread_keep_alive(Duration::ZERO)
            .thread_name("smtp-resolver")
            .build()
            .map_err(|error| unreached(Fault::Local(no_runtime(&error))))?;
        let handle = runtime.handle().clone();
        Ok(Self(Arc::new(Kept { handle, runtime: Some(runtime) })))
    }

    /// The runtime, if this thread may wait: not where it would stop another one.
    pub(super) fn here(&self) -> Option<Waiting<'_>> {
        self.0.runtime.as_ref().filter(|_| may_wait()).map(Waiting)
    }

    /// Gives the runtime a task, which goes on while a thread waits here.
    pub(super) fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.0.handle.spawn(task)
    }
}

/// A runtime on a thread that may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting<'a>(&'a Runtime);

impl Waiting<'_> {
    /// Looks at the sockets, without waiting, and lets the tasks see what has come.
    pub(super) fn look(self) {
        self.0.block_on(async {
            yield_now().await;
            yield_now().await;
        });
    }

    /// Waits for a future.
    pub(super) fn wait<F: IntoFuture>(self, future: F) -> F::Output {
        // Pinned here: a runtime would move it about.
        self.0.block_on(pin!(future.into_future()))
    }
}

/// The result of a future that is ready at once, because its call may not begin.
pub(super) fn at_once<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}

/// Whether this thread runs no tokio runtime. One of `spawn_blocking` may wait, but cannot be told
/// from the others: tokio says which runtime a thread belongs to, and not what it does there.
fn may_wait() -> bool {
    Handle::try_current().is_err_and(|error| error.is_missing_context())
}

fn no_runtime(error: &io::Error) -> io::Error {
    let text = format!("this machine cannot wait for a socket: {error}");
    io::Error::new(error.kind(), text)
}
