//! Secrets in memory that was given back: `freed [MECHANISM]`.
//!
//! Each mechanism authenticates in each way that an exchange can end, and is dropped by its caller
//! at each of its waits, in clear and inside TLS. An allocator searches each block that the client
//! gives back for the secret and for the keys that are derived from it, in each form. A find fails
//! the program; with `FREED_TRACE=1` it shows where the block was given back.
//!
//! Inside TLS the buffers of rustls are searched too: it encrypts what is sent in the place to
//! which it has copied it. Memory that C code allocates is not, and neither is the stack: a value
//! that is moved leaves a copy there, which safe code cannot reach.

mod allocator;
mod needles;
mod rows;
mod server;

use std::fmt::Display;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::Poll;

use allocator::{Watching, watched};
use needles::SECRET;
use rows::{ROWS, secret};
use server::End;
use smtp::{Connection, Mechanism, Server, TlsConfig};
use tokio::runtime::Runtime;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::version::{TLS12, TLS13};

#[global_allocator]
static ALLOCATOR: Watching = Watching;

const ENDS: [End; 6] =
    [End::Accepted, End::Refused, End::Unknown, End::Nonsense, End::Lie, End::Closed];

/// A way to the server: its name, and the configurations of both sides inside TLS.
struct Way {
    name: &'static str,
    tls: Option<(Arc<ServerConfig>, TlsConfig)>,
    /// -PLUS can be used.
    binds: bool,
}

impl Way {
    fn all() -> [Self; 3] {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a name");
        let tls = |version| {
            let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
            let config = ServerConfig::builder_with_protocol_versions(&[version]);
            let config = config.with_no_client_auth();
            let config = config.with_single_cert(vec![own.cert.der().clone()], key.into());
            let client = TlsConfig::builder().root_pem(own.cert.pem()).build();
            Some((Arc::new(config.expect("a certificate")), client.expect("a root")))
        };
        [
            Self { name: "in clear", tls: None, binds: false },
            Self { name: "inside TLS 1.2", tls: tls(&TLS12), binds: false },
            Self { name: "inside TLS 1.3", tls: tls(&TLS13), binds: true },
        ]
    }

    /// One exchange. None where the caller has dropped it, and whether the client is authenticated
    /// otherwise.
    async fn authenticate(
        &self,
        address: SocketAddr,
        mechanism: &mut dyn Mechanism,
        end: End,
    ) -> Option<bool> {
        let server = Server::new(address.ip().to_string(), address.port());
        // An observer has each line redacted.
        let server = server.observer(|event: &smtp::trace::Event<'_>| drop(format!("{event:?}")));
        let connection = match &self.tls {
            None => {
                let connection = Connection::connect(&server).await.expect("EHLO");
                run(connection.dangerous().authenticate(mechanism), end).await?.ok()
            }
            Some((_, tls)) => {
                let connection = Connection::connect_tls(&server, tls).await.expect("EHLO");
                run(connection.authenticate(mechanism), end).await?.ok()
            }
        };
        match connection {
            Some(connection) => drop(connection.quit().await),
            None => return Some(false),
        }
        Some(true)
    }
}

/// Runs a call until its end, or until the caller drops it.
async fn run<T, E: Display>(
    call: impl Future<Output = Result<T, E>>,
    end: End,
) -> Option<Result<T, E>> {
    let mut call = pin!(call);
    let mut polls = 0;
    let result = poll_fn(|cx| {
        if end == End::Dropped(polls) {
            return Poll::Ready(None);
        }
        polls += 1;
        call.as_mut().poll(cx).map(Some)
    });
    let result = result.await?;
    if let Err(error) = &result {
        drop(error.to_string());
    }
    Some(result)
}

struct Cases {
    runtime: Runtime,
    /// The forms of all needles.
    forms: Vec<String>,
    count: usize,
    failures: usize,
}

impl Cases {
    /// Whether the call was over before it was dropped.
    fn run(&mut self, way: &Way, (offered, name, make): rows::Row, end: End) -> bool {
        let tls = way.tls.as_ref().map(|(config, _)| config);
        let (address, server) = server::start(tls, offered, end);
        let ended = watched(|| {
            let mut mechanism = make();
            self.runtime.block_on(way.authenticate(address, &mut *mechanism, end))
        });
        server.join().expect("a server that knows its protocol");
        self.count += 1;
        let mut fail = |why: String| {
            self.failures += 1;
            println!("FAILED: {name} {}, {end:?}: {why}", way.name);
        };
        let is_accepted = matches!(end, End::Accepted | End::Dropped(_));
        if let Some(accepted) = ended
            && accepted != is_accepted
        {
            fail(format!("accepted is {accepted}"));
        }
        let (found, first) = allocator::take_finds();
        if found > 0 {
            let form = &self.forms[first.needle];
            fail(format!("{found} times, first {form} in a block of {} bytes", first.size));
        }
        let late = needles::take_late();
        if let Some(find) = allocator::search_kept(&late) {
            fail(format!("{} in a block of {} bytes", late[find.needle].form, find.size));
        }
        ended.is_some()
    }
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let needles = needles::all();
    let forms: Vec<String> = needles.iter().map(|needle| needle.form.clone()).collect();
    allocator::look_for(needles);
    if !finds_a_copy() {
        println!("FAILED: a copy that was not wiped was not found");
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut cases = Cases { runtime, forms, count: 0, failures: 0 };
    for way in Way::all() {
        for row in ROWS.iter().filter(|(_, name, _)| name.contains(&*wanted)) {
            if row.0.ends_with("-PLUS") && !way.binds {
                continue;
            }
            for end in ENDS {
                cases.run(&way, *row, end);
            }
            let mut polls = 0;
            while !cases.run(&way, *row, End::Dropped(polls)) {
                polls += 1;
            }
        }
    }
    let Cases { count, forms, failures, .. } = cases;
    let blocks = allocator::blocks();
    println!("{count} cases, {} forms, {blocks} blocks, {failures} failures", forms.len());
    if failures == 0 && count > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The program itself is right: a copy that is not wiped is found, at once and afterwards, and one
/// that is wiped is not.
fn finds_a_copy() -> bool {
    watched(|| drop(std::hint::black_box(SECRET.to_owned())));
    let (copies, _) = allocator::take_finds();
    needles::add_late("the secret", SECRET.as_bytes());
    let late = needles::take_late();
    let kept = allocator::search_kept(&late);
    watched(|| drop(std::hint::black_box(secret())));
    let (wiped, _) = allocator::take_finds();
    copies > 0 && kept.is_some() && wiped == 0 && allocator::search_kept(&late).is_none()
}
