//! The set-up of connections, each ready to send mail.

use std::sync::Arc;
use std::time::{Duration, Instant};

use smtp::connection::AnyConnection;
use smtp::trace::{Event, Observer as _};
use smtp::{Connection, Plain, Server, TlsConfig, Transfer};
use tokio::task::JoinSet;

use crate::Result;
use crate::args::{Mode, Options, Security};
use crate::round_trips::RoundTrips;

/// A connection that is ready, and how it got there.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: AnyConnection,
    pub(crate) round_trips: Arc<RoundTrips>,
}

/// All connections, and what it cost to open one.
#[derive(Debug)]
pub(crate) struct Sessions {
    pub(crate) all: Vec<Session>,
    /// Until all were ready.
    pub(crate) took: Duration,
    /// Round trips of one, without those of TCP and TLS.
    pub(crate) round_trips: u64,
}

/// The settings that all connections share.
#[derive(Debug)]
struct Plan {
    server: Server,
    security: Security,
    tls: Option<TlsConfig>,
    user: Option<(String, String)>,
}

/// Opens the connections, all at once.
pub(crate) async fn open_all(options: &Options) -> Result<Sessions> {
    let began = Instant::now();
    let plan = Arc::new(Plan::new(options)?);
    let mut opening = JoinSet::new();
    for _ in 0..options.connections {
        let plan = Arc::clone(&plan);
        opening.spawn(async move { plan.open().await });
    }
    let mut all = Vec::with_capacity(options.connections);
    while let Some(opened) = opening.join_next().await {
        all.push(opened??);
    }
    let round_trips = all.first().map_or(0, |first| first.round_trips.count());
    Ok(Sessions { all, took: began.elapsed(), round_trips })
}

/// How messages travel.
fn transfer(options: &Options) -> Transfer {
    match options.mode {
        Mode::Data => Transfer::data(),
        Mode::Bdat => Transfer::chunks(),
        Mode::Eager => Transfer::eager().window(options.window, WINDOW),
    }
}

/// Bytes of messages that may be under way with `--eager`.
const WINDOW: u64 = 16 << 20;

impl Plan {
    fn new(options: &Options) -> Result<Self> {
        let Some((host, port)) = options.address.clone() else {
            return Err("there is no server to send to: name one with --addr".into());
        };
        let mut server = Server::new(host, port).transfer(transfer(options));
        if !options.pipelining {
            server = server.ignore_capability("PIPELINING");
        }
        let tls = match (options.security, &options.authority) {
            (Security::None, _) => None,
            _ if options.insecure => {
                Some(TlsConfig::builder().dangerous().accept_any_certificate().build()?)
            }
            (_, Some(authority)) => Some(TlsConfig::builder().root_pem(authority).build()?),
            (_, None) => Some(TlsConfig::new()?),
        };
        let (security, user) = (options.security, options.user.clone());
        Ok(Self { server, security, tls, user })
    }

    async fn open(&self) -> Result<Session> {
        let round_trips = Arc::new(RoundTrips::default());
        let seen = Arc::clone(&round_trips);
        let server = self.server.clone().observer(move |event: &Event<'_>| seen.observe(event));
        Ok(Session { connection: self.connect(&server).await?, round_trips })
    }

    /// Gets a connection to where mail can be sent.
    async fn connect(&self, server: &Server) -> Result<AnyConnection, smtp::Error> {
        let tls = match (&self.tls, self.security) {
            (None, _) => return Ok(Connection::connect(server).await?.into()),
            (Some(tls), Security::Implicit) => Connection::connect_tls(server, tls).await?,
            (Some(tls), _) => Connection::connect(server).await?.starttls(tls).await?,
        };
        match &self.user {
            None => Ok(tls.into()),
            Some((user, password)) => {
                let mut credentials = Plain::new(user, password.as_str());
                Ok(tls.authenticate(&mut credentials).await?.into())
            }
        }
    }
}
