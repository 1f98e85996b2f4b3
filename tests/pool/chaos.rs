//! Chaos on real sockets: a server that answers 421, closes, hangs, slows and refuses at random.
//!
//! A server that hangs costs the time that the client allows for a step, which is short here.
//!
//! ```text
//! cargo test -p tests --test pool chaos                         a few messages
//! CHAOS_MESSAGES=20000 cargo test -p tests --test pool chaos    20,000
//! SIMULATION_SEED=7 cargo test ..                               other whims
//! ```

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use smtp::Server;
use smtp::transport::{Connect, Connected, Target};
use smtp_pool::{Breaker, Pool, Settings};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::peer::message;
use super::simulation::books::Books;
use super::simulation::dice::Dice;
use super::simulation::model::{Whims, serve};
use super::simulation::{number, timeouts};

const CONNECTIONS: usize = 8;
/// How long the server may take for a step.
const STEP: Duration = Duration::from_millis(250);

/// Opens streams to the server, and has them in the books.
#[derive(Debug)]
struct Opener(Books, SocketAddr);

impl Connect for Opener {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async {
            let made = self.0.connect();
            let stream = TcpStream::connect(self.1).await?;
            Ok(Connected::new(made.stream(stream.local_addr()?, stream)))
        })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

async fn listen(listener: TcpListener, books: Books, whims: Whims, mut dice: Dice) {
    loop {
        let (stream, client) = listener.accept().await.expect("a connection");
        tokio::spawn(serve(stream, client, (books.clone(), whims, dice.split())));
    }
}

/// Sends messages from many tasks, and gives the books.
async fn send_all(messages: usize, tasks: usize, whims: Whims, seed: u64) -> Books {
    let (books, dice) = (Books::default(), Dice::new(seed));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let opener = Opener(books.clone(), listener.local_addr().expect("an address"));
    let listening = tokio::spawn(listen(listener, books.clone(), whims, dice));
    let server = Server::new("model.test", 25).connector(opener).timeouts(timeouts(STEP));
    let settings = Settings::new()
        .connections(CONNECTIONS)
        .messages_in_flight(4)
        .breaker(Breaker::new(50, Duration::from_secs(1)));
    let pool = Pool::with_settings(server, settings);
    let mut callers = JoinSet::new();
    for task in 0..tasks {
        let (pool, books) = (pool.clone(), books.clone());
        callers.spawn(async move {
            for number in (task..messages).step_by(tasks) {
                let (envelope, body) = message(number);
                books.tell(number, &pool.send(envelope, body).await);
            }
        });
    }
    while let Some(done) = callers.join_next().await {
        done.expect("no caller panics");
    }
    pool.close(Duration::from_secs(60)).await;
    assert_eq!(pool.connections(), [], "none is left");
    listening.abort();
    books
}

fn messages(few: usize) -> usize {
    number("CHAOS_MESSAGES").map_or(few, |number| usize::try_from(number).unwrap())
}

fn judge(books: &Books, messages: usize, seed: u64) {
    let [delivered, unknown, not] = books.told();
    let (connections, most) = books.connections();
    println!(
        "{messages} messages: {delivered} delivered, {unknown} unknown, {not} not delivered, \
         {connections} connections, {most} at once"
    );
    let errors = books.errors(messages, CONNECTIONS);
    assert!(errors.is_empty(), "SIMULATION_SEED={seed}:\n{errors}");
    assert!(delivered > 0 && unknown > 0 && not > 0 && most == CONNECTIONS);
}

const WHIMS: Whims = Whims { closes: 5, goes: 5, refuses: 10, hangs: 2, slows: 20, slowest: 20 };

async fn chaos() {
    let seed = number("SIMULATION_SEED").unwrap_or(0);
    let messages = messages(1000);
    let books = send_all(messages, 100, WHIMS, seed).await;
    judge(&books, messages, seed);
}

#[tokio::test]
async fn chaos_costs_no_message_and_no_bound() {
    chaos().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn chaos_on_many_threads_costs_no_message_and_no_bound() {
    chaos().await;
}
