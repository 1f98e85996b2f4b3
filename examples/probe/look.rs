//! The look at a server: one session from the connection to QUIT, and everything that was seen.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use smtp::auth::Credentials;
use smtp::connect::Timeouts;
use smtp::connection::TransitionError;
use smtp::error::{Fault, HandshakeError, HandshakeErrorKind};
use smtp::grammar::Capabilities;
use smtp::state::{Security, State, Tls};
use smtp::trace::Event;
use smtp::{Connection, Error, Mechanism as _, Server, TlsConfig};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::Result;
use crate::args::{Mode, Options};
use crate::network::{DEAD_AFTER, Log, Network};

/// Everything that was seen.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) log: Log,
    pub(crate) marks: Vec<Mark>,
    pub(crate) facts: Facts,
    pub(crate) failure: Option<Failure>,
    /// The behaviour in TLS of a server that did not greet.
    pub(crate) second: Option<Second>,
}

impl Look {
    /// Whether the handshake was done.
    pub(crate) fn is_secured(&self) -> bool {
        self.marks.iter().any(|mark| mark.what == What::Secured)
    }
}

/// A line of the dialogue, and when it was.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) at: Instant,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Sent(String),
    Received(String),
    Secured,
}

/// The facts of the session, as far as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) before_tls: Option<Capabilities>,
    pub(crate) inside_tls: Option<Capabilities>,
    pub(crate) security: Option<Security>,
    /// The mechanism that was accepted.
    pub(crate) login: Option<String>,
}

/// Why the session did not come to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(Error),
    OutOfTime,
}

/// The second look, in TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// It speaks SMTP in TLS.
    Smtp,
    /// It speaks TLS, and no SMTP.
    Tls,
    /// It answers as a web server does.
    WebServer,
}

/// Looks at the server.
///
/// # Errors
///
/// When there is nothing to verify servers by: nothing was tried then.
pub(crate) async fn look(options: &Options, network: &Network) -> Result<Look> {
    let tls = match &options.root {
        Some(pem) => TlsConfig::builder().root_pem(pem).build()?,
        None => TlsConfig::new()?,
    };
    let began = Instant::now();
    let latest = began + options.timeout;
    let (facts, marks) = (Mutex::default(), Arc::default());
    let server = server(options, network, Arc::clone(&marks));
    let session = async {
        match timeout(options.timeout, session(&server, options, &tls, &facts)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Failure::Error(error)),
            Err(_) => Some(Failure::OutOfTime),
        }
    };
    let has_heard = || !locked(&marks).is_empty();
    let is_mute =
        || options.mode != Mode::Implicit && !has_heard() && network.log().used().is_some();
    let mute = async {
        sleep(options.timeout.mul_f64(0.4)).await;
        if is_mute() { second_look(options, network, latest).await } else { None }
    };
    let (failure, mut second) = tokio::select! {
        biased;
        failure = session => (failure, None),
        Some(second) = mute => (Some(Failure::OutOfTime), Some(second)),
    };
    if let Some(Failure::Error(Error::Lost(lost))) = &failure
        && lost.suggests_implicit_tls()
        // One that answers in TLS has said enough.
        && !matches!(lost.fault(), Fault::ImplicitTls)
        && is_mute()
    {
        second = second_look(options, network, latest).await;
    }
    network.dial_the_rest(latest.min(Instant::now() + DEAD_AFTER)).await;
    let (log, marks) = (network.log().clone(), locked(&marks).clone());
    let facts = facts.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Look { began, ended: Instant::now(), log, marks, facts, failure, second })
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn server(options: &Options, network: &Network, marks: Arc<Mutex<Vec<Mark>>>) -> Server {
    let server = Server::new(options.identity(), options.port)
        .timeouts(timeouts(options.timeout))
        .resolver(network.clone())
        .connector(network.clone())
        .observer(move |event: &Event<'_>| {
            let what = match event {
                Event::Sent(line) => What::Sent(line.to_string()),
                Event::Received(line) => What::Received(line.to_string()),
                Event::Secured => What::Secured,
                _ => return,
            };
            locked(&marks).push(Mark { at: Instant::now(), what });
        });
    match network.literal() {
        Some(address) => server.at([(address, options.port).into()]),
        None => server,
    }
}

/// The same for each step, and for all of them.
fn timeouts(time: Duration) -> Timeouts {
    let mut timeouts = Timeouts::default();
    for step in [
        &mut timeouts.connect,
        &mut timeouts.handshake,
        &mut timeouts.greeting,
        &mut timeouts.hello,
        &mut timeouts.auth,
        &mut timeouts.quit,
    ] {
        *step = time;
    }
    timeouts.total = Some(time);
    timeouts
}

/// One session, up to QUIT.
async fn session(
    server: &Server,
    options: &Options,
    tls: &TlsConfig,
    facts: &Mutex<Facts>,
) -> Result<(), Error> {
    let secured = match options.mode {
        Mode::Implicit => Connection::connect_tls(server, tls).await?,
        Mode::StartTls | Mode::Plain => {
            let greeted = Connection::connect(server).await?;
            locked(facts).before_tls = Some(greeted.capabilities().clone());
            if options.mode == Mode::Plain {
                // Nothing depends on QUIT.
                let _ = greeted.quit().await;
                return Ok(());
            }
            or_quit(greeted.starttls(tls).await).await?
        }
    };
    {
        let facts = &mut locked(facts);
        facts.inside_tls = Some(secured.capabilities().clone());
        facts.security = secured.security().cloned();
    }
    inside(secured, options, facts).await
}

async fn inside(
    secured: Connection<Tls>,
    options: &Options,
    facts: &Mutex<Facts>,
) -> Result<(), Error> {
    let Some((user, password)) = &options.user else {
        let _ = secured.quit().await;
        return Ok(());
    };
    let mut credentials = Credentials::password(user, password.clone());
    let authed = or_quit(secured.authenticate(&mut credentials).await).await?;
    locked(facts).login = Some(credentials.name().to_owned());
    let _ = authed.quit().await;
    Ok(())
}

/// Ends a session whose server has refused what it cannot go on without.
async fn or_quit<T, S: State>(moved: Result<T, TransitionError<S>>) -> Result<T, Error> {
    match moved {
        Ok(moved) => Ok(moved),
        Err(TransitionError::Lost(lost)) => Err(lost.into()),
        Err(TransitionError::Refused(refused)) => {
            // The refusal decides, whether QUIT arrives or not.
            let _ = refused.connection.quit().await;
            Err(refused.refusal.into())
        }
    }
}

/// Speaks TLS to a server that did not greet in clear. None: that says nothing more.
async fn second_look(options: &Options, network: &Network, latest: Instant) -> Option<Second> {
    let address = network.log().used()?.address;
    let secured = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&secured);
    // Any certificate will do: the probe says nothing but EHLO.
    let any = TlsConfig::builder().dangerous().accept_any_certificate().build().ok()?;
    let left = latest.saturating_duration_since(Instant::now());
    let server = Server::new(options.identity(), options.port)
        .timeouts(timeouts(left.mul_f64(0.9)))
        .connector(network.unwatched())
        .at([address])
        .observer(move |event: &Event<'_>| {
            if matches!(event, Event::Secured) {
                *locked(&seen) = true;
            }
        });
    let result = timeout_at(latest, Connection::connect_tls(&server, &any)).await;
    match result {
        Ok(Ok(connection)) => {
            let _ = timeout_at(latest, connection.quit()).await;
            Some(Second::Smtp)
        }
        Ok(Err(Error::Refused(_))) => Some(Second::Smtp),
        Ok(Err(Error::Lost(lost))) if lost.reply().is_some() => Some(Second::Smtp),
        Ok(Err(Error::Lost(lost))) if lost.is_of_web_server() => Some(Second::WebServer),
        _ if *locked(&secured) => Some(Second::Tls),
        // An alert is TLS as well.
        Ok(Err(Error::Lost(lost))) => {
            let kind = lost.handshake().map(HandshakeError::kind);
            let speaks = kind.is_some_and(|kind| kind != HandshakeErrorKind::ClearText);
            speaks.then_some(Second::Tls)
        }
        _ => None,
    }
}
