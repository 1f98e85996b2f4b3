//! The pool in a simulated network: whatever becomes of it, the bounds hold, each message is taken
//! as often as its caller was told, and every caller gets an answer.
//!
//! ```text
//! cargo test -p tests --test pool simulation                              a few seeds of each fault
//! SIMULATION_SEEDS=500 cargo test -p tests --test pool simulation         500
//! SIMULATION_SEED=7 SIMULATION_SEEDS=1 cargo test ..                      one, from this one on
//! ```

pub(super) mod books;
pub(super) mod dice;
pub(super) mod model;

use std::io;
use std::pin::Pin;
use std::time::Duration;

use smtp::connect::Timeouts;
use smtp::state::Greeted;
use smtp::transport::{Connect, Connected, Target};
use smtp::{Connection, Server};
use smtp_pool::{Breaker, Pool, Settings};
use tokio::task::JoinSet;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};

use super::peer::message;
use books::Books;
use dice::Dice;
use model::Whims;

const MESSAGES: usize = 40;
const CONNECTIONS: usize = 3;

/// The trouble of the network and of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing passes between client and server for a while.
    Partition,
    /// Bytes take up to two seconds.
    Latency,
    /// The server stops, and starts again later.
    Crash,
    /// The server ends connections in the middle of anything.
    Reset,
    /// Callers go, have connections for themselves, and abort others.
    Callers,
}

impl Fault {
    fn whims(self) -> Whims {
        let closes = if self == Self::Reset { 40 } else { 0 };
        Whims { closes, refuses: 20, slows: 20, slowest: 3000, ..Whims::default() }
    }

    /// Ends what was done before, or begins.
    fn strike(self, sim: &mut Sim<'_>, begins: bool, dice: &mut Dice) {
        match (self, begins) {
            (Self::Partition, true) => sim.partition("client", "server"),
            (Self::Partition, false) => sim.repair("client", "server"),
            (Self::Crash, true) => sim.crash("server"),
            (Self::Crash, false) => sim.bounce("server"),
            (Self::Latency, _) => sim.set_max_message_latency(dice.millis(2000)),
            (Self::Reset | Self::Callers, _) => {}
        }
    }
}

/// Opens the streams of the simulated network.
#[derive(Debug)]
struct Opener(Books);

impl Connect for Opener {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async {
            let made = self.0.connect();
            let stream = TcpStream::connect(("server", 25)).await?;
            Ok(Connected::new(made.stream(stream.local_addr()?, stream)))
        })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

/// The same time for each step.
pub(super) fn timeouts(time: Duration) -> Timeouts {
    let mut timeouts = Timeouts::default();
    for stage in [
        &mut timeouts.connect,
        &mut timeouts.greeting,
        &mut timeouts.hello,
        &mut timeouts.mail,
        &mut timeouts.rcpt,
        &mut timeouts.data,
        &mut timeouts.end_of_data,
        &mut timeouts.reset,
        &mut timeouts.quit,
    ] {
        *stage = time;
    }
    timeouts
}

fn settings(dice: &mut Dice) -> Settings {
    let settings = Settings::new()
        .connections(CONNECTIONS)
        .messages_in_flight(1 + usize::try_from(dice.below(4)).unwrap())
        .wait(Duration::from_secs(5 + dice.below(30)))
        .idle(Duration::from_secs(1 + dice.below(10)))
        .breaker(Breaker::new(3, Duration::from_secs(2)))
        .warm(usize::try_from(dice.below(3)).unwrap());
    if dice.falls(300) { settings.messages_per_connection(5) } else { settings }
}

/// Sends the messages over some time, each from a task of its own.
async fn send_all(books: Books, fault: Fault, mut dice: Dice) {
    let timeouts = timeouts(Duration::from_secs(10));
    let server = Server::new("server", 25).connector(Opener(books.clone())).timeouts(timeouts);
    let pool = Pool::with_settings(server, settings(&mut dice));
    let mut callers = JoinSet::new();
    for number in 0..MESSAGES {
        let (pool, books, pause) = (pool.clone(), books.clone(), dice.millis(20_000));
        let goes = fault == Fault::Callers && dice.falls(400);
        let patience = goes.then(|| dice.millis(4000));
        callers.spawn(async move {
            tokio::time::sleep(pause).await;
            let (envelope, body) = message(number);
            let send = pool.send(envelope, body);
            match patience {
                None => books.tell(number, &send.await),
                Some(patience) => match tokio::time::timeout(patience, send).await {
                    Ok(result) => books.tell(number, &result),
                    Err(_) => books.tell_gone(number),
                },
            }
        });
    }
    if fault == Fault::Callers {
        disturb(&pool, &mut dice).await;
    }
    callers.join_all().await;
    // Those that have gone may have left a message with a connection.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let in_flight: usize = pool.connections().iter().map(|connection| connection.in_flight).sum();
    assert_eq!(in_flight, 0, "{:?}", pool.connections());
    pool.close(Duration::from_secs(20)).await;
}

/// Takes connections for some time, and gives them back, keeps them or ends those of others.
async fn disturb(pool: &Pool<Connection<Greeted>>, dice: &mut Dice) {
    for _ in 0..20 {
        tokio::time::sleep(dice.millis(1000)).await;
        match dice.below(4) {
            0 => {
                let connections = pool.connections();
                if let Some(one) = connections.first() {
                    pool.abort(one.id);
                }
            }
            1 => {
                let _ = tokio::time::timeout(dice.millis(500), pool.check()).await;
            }
            keeps => {
                let lent = tokio::time::timeout(dice.millis(3000), pool.check_out()).await;
                if let Ok(Ok((connection, ticket))) = lent {
                    tokio::time::sleep(dice.millis(500)).await;
                    if keeps == 2 {
                        ticket.give_back(connection);
                    } else {
                        // Before its place is free.
                        drop(connection);
                    }
                }
            }
        }
    }
}

async fn listen(books: Books, whims: Whims, mut dice: Dice) -> turmoil::Result {
    let listener = TcpListener::bind(("0.0.0.0", 25)).await?;
    loop {
        let (stream, client) = listener.accept().await?;
        tokio::spawn(model::serve(stream, client, (books.clone(), whims, dice.split())));
    }
}

fn simulate(fault: Fault, seed: u64) -> Result<Books, String> {
    let mut dice = Dice::new(seed);
    let books = Books::default();
    let mut sim = Builder::new()
        .rng_seed(seed)
        .tick_duration(Duration::from_millis(5))
        .max_message_latency(dice.millis(200).max(Duration::from_millis(1)))
        .simulation_duration(Duration::from_secs(300))
        .build();
    sim.host("server", {
        let (books, dice) = (books.clone(), dice.split());
        move || listen(books.clone(), fault.whims(), dice.clone())
    });
    sim.client("client", {
        let (books, dice) = (books.clone(), dice.split());
        async move {
            send_all(books, fault, dice).await;
            Ok(())
        }
    });
    let mut begins = true;
    let mut next = dice.millis(5000);
    loop {
        if next <= sim.elapsed() {
            fault.strike(&mut sim, begins, &mut dice);
            begins = !begins;
            next = sim.elapsed() + dice.millis(if begins { 8000 } else { 6000 });
        }
        match sim.step() {
            Ok(false) => {}
            Ok(true) => break,
            Err(error) => return Err(format!("{error}\n{}", books.errors(MESSAGES, CONNECTIONS))),
        }
    }
    let errors = books.errors(MESSAGES, CONNECTIONS);
    if errors.is_empty() { Ok(books) } else { Err(errors) }
}

pub(super) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

/// Runs the seeds of one fault.
fn run(fault: Fault) {
    let seeds = number("SIMULATION_SEEDS").unwrap_or(8);
    let first = number("SIMULATION_SEED").unwrap_or(0);
    let mut told = [0; 3];
    let (mut connections, mut most) = (0, 0);
    for seed in first..first + seeds {
        let books = simulate(fault, seed)
            .unwrap_or_else(|errors| panic!("{fault:?} with SIMULATION_SEED={seed}:\n{errors}"));
        for (sum, more) in told.iter_mut().zip(books.told()) {
            *sum += more;
        }
        connections += books.connections().0;
        most = most.max(books.connections().1);
    }
    let [delivered, unknown, not] = told;
    println!(
        "{fault:?}: {seeds} seeds, {delivered} delivered, {unknown} unknown, {not} not delivered, \
         {connections} connections, {most} at once"
    );
    assert!(delivered > 0 && most == CONNECTIONS, "the simulation shows something");
}

#[test]
fn a_network_in_parts_costs_no_message_and_no_bound() {
    run(Fault::Partition);
}

#[test]
fn a_slow_network_costs_no_message_and_no_bound() {
    run(Fault::Latency);
}

#[test]
fn a_server_that_crashes_costs_no_message_and_no_bound() {
    run(Fault::Crash);
}

#[test]
fn callers_that_go_cost_no_message_of_others_and_no_bound() {
    run(Fault::Callers);
}

#[test]
fn connections_that_are_reset_cost_no_message_and_no_bound() {
    run(Fault::Reset);
}
