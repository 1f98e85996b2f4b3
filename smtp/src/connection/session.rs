//! The session of a connection: the parts that it keeps through all of its states.

use std::future::poll_fn;

use smtp_grammar::{Capabilities, Host, Reply};

use crate::error::lost::Lost;
use crate::error::refusal::Refusal;
use crate::exchange::command::{Parting, SendCommand};
use crate::exchange::hello::Hello;
use crate::exchange::plan::DeliveryCapabilities;
use crate::exchange::{CommandResult, Exchange};
use crate::message::transfer::Transfer;
use crate::net::{Driver, TlsConfig};
use crate::proto::command::{self, Command};
use crate::proto::fault::{Fault, ProtocolError};
use crate::proto::line::Declared;
use crate::proto::stage::Stage;
use crate::state::Exporter;

/// The driver, and the server that it talks to.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) driver: Driver,
    pub(crate) config: SessionConfig,
    /// The capabilities of the last delivery: the next one mostly has the same.
    offers: Option<DeliveryCapabilities>,
}

/// The settings of a [`Server`](crate::Server) that are needed after its connection was opened.
#[derive(Debug)]
pub(crate) struct SessionConfig {
    /// Whom TLS verifies.
    pub(crate) server_name: String,
    /// The host of an SRV record that the session is with.
    pub(crate) srv_target: Option<String>,
    pub(crate) client_name: Host,
    /// Keywords that are taken as not listed.
    pub(crate) ignored: Vec<String>,
    pub(crate) transfer: Transfer,
    /// TLS is as the server likes, so there is no AUTH, not even through the door.
    pub(crate) opportunistic: bool,
}

impl Session {
    pub(crate) fn new(driver: Driver, config: SessionConfig) -> Self {
        Self { driver, config, offers: None }
    }

    pub(crate) fn server_name(&self) -> &str {
        &self.config.server_name
    }

    /// The capabilities that a delivery uses.
    pub(crate) fn offers(&mut self, capabilities: &Capabilities) -> DeliveryCapabilities {
        let transfer = &self.config.transfer;
        match &mut self.offers {
            Some(offers) if offers.capabilities.is_same(capabilities) => {
                offers.transfer.clone_from(transfer);
                offers.clone()
            }
            offers => {
                let lmtp = self.driver.speaks_lmtp();
                offers.insert(DeliveryCapabilities::new(capabilities, transfer, lmtp)).clone()
            }
        }
    }

    /// Whether there is a door named `dangerous` to open: secrets never leave over opportunistic TLS,
    /// in whichever command.
    pub(super) fn has_door(&self) -> bool {
        !self.config.opportunistic
    }

    /// Runs an exchange to its end.
    pub(crate) async fn run<X: Exchange>(&mut self, mut exchange: X) -> X::Output {
        poll_fn(|cx| self.driver.poll_run(cx, &mut exchange)).await
    }

    /// Sends a command and waits for its reply.
    pub(crate) fn exchange<C: Command>(
        &mut self,
        command: C,
        capabilities: &Capabilities,
        utf8: bool,
    ) -> impl Future<Output = Result<CommandResult<(Reply, Declared)>, Lost>> {
        self.run(SendCommand::new(command, capabilities, utf8))
    }

    /// As [`exchange`](Self::exchange), through the door named `dangerous` where that is open.
    pub(crate) fn exchange_through<C: Command>(
        &mut self,
        command: C,
        capabilities: &Capabilities,
        utf8: bool,
        dangerous: bool,
    ) -> impl Future<Output = Result<CommandResult<(Reply, Declared)>, Lost>> {
        let exchange = SendCommand::new(command, capabilities, utf8);
        self.run(if dangerous && self.has_door() { exchange.dangerous() } else { exchange })
    }

    /// Reads the greeting and says EHLO. `extended` says that HELO is not enough, `early` that EHLO
    /// leaves before the greeting has come. A session that the server refuses is over.
    pub(crate) async fn open(
        &mut self,
        extended: bool,
        early: bool,
    ) -> Result<CommandResult<Capabilities>, Lost> {
        let hello = self.greeting(extended, early);
        let answer = self.run(hello).await?;
        if answer.is_err() {
            self.close().await;
        }
        Ok(answer)
    }

    /// The exchange from the greeting to the reply to EHLO.
    pub(super) fn greeting(&self, extended: bool, early: bool) -> Hello {
        let SessionConfig { client_name, ignored, .. } = &self.config;
        let hello = Hello::after_greeting(client_name, ignored, extended);
        if early { hello.early() } else { hello }
    }

    /// Says EHLO again.
    pub(crate) async fn hello(
        &mut self,
        extended: bool,
    ) -> Result<CommandResult<Capabilities>, Lost> {
        let SessionConfig { client_name, ignored, .. } = &self.config;
        let hello = Hello::again(client_name, ignored, extended);
        self.run(hello).await
    }

    /// Says EHLO in a session that must not go on without an answer.
    pub(crate) async fn hello_again(&mut self, extended: bool) -> Result<Capabilities, Lost> {
        let SessionConfig { client_name, ignored, .. } = &self.config;
        let hello = Hello::needed(client_name, ignored, extended);
        match self.run(hello).await? {
            Ok(capabilities) => Ok(capabilities),
            Err(refusal) => {
                self.close().await;
                Err(self.must_hello(refusal))
            }
        }
    }

    /// Ends a session that cannot go on without EHLO.
    pub(crate) fn must_hello(&mut self, refusal: Refusal) -> Lost {
        self.driver.fail(Fault::Ended);
        Lost::new(Fault::Ended, Some(Stage::Hello)).after(refusal)
    }

    /// The handshake.
    pub(crate) async fn secure(&mut self, tls: &TlsConfig) -> Result<Exporter, Lost> {
        let SessionConfig { server_name, srv_target, .. } = &self.config;
        self.driver.handshake(tls, server_name, srv_target.as_deref()).await
    }

    /// Reads the reply to a command that led to another state. When it cannot be read, client and
    /// server no longer agree on the state, so the connection ends.
    pub(crate) fn read<C: Command>(&mut self, reply: Reply) -> Result<C::Reply, Lost> {
        command::read::<C>(reply)
            .map_err(|error| self.driver.fail(ProtocolError::Unreadable(error).into()))
    }

    /// Writes a last command and closes the stream, as far as that works.
    pub(crate) async fn part<C: Command>(&mut self, command: C, capabilities: &Capabilities) {
        self.run(Parting::new(command, capabilities)).await;
        self.close().await;
    }

    /// Closes the stream.
    pub(crate) async fn close(&mut self) {
        poll_fn(|cx| self.driver.poll_close(cx)).await;
    }
}
