//! Greeting and EHLO: how every session begins, and begins again.

use smtp_grammar::{Capabilities, Reply};

use super::session::Session;
use crate::command::{Ehlo, Helo};
use crate::error::{Error, Fault, Lost, Refusal};
use crate::proto::engine::Outcome;

impl Session {
    /// Reads the greeting and says EHLO. `extended` says that HELO will not do.
    pub(super) async fn open(&mut self, extended: bool) -> Result<Capabilities, Error> {
        if let Outcome::Refused(reply) = self.driver.reply().await? {
            return Err(self.driver.fail(Fault::Closing(reply)).into());
        }
        self.hello(extended).await?.map_err(Error::Refused)
    }

    /// Says EHLO in a session that must not go on without an answer.
    pub(super) async fn hello_again(&mut self, extended: bool) -> Result<Capabilities, Lost> {
        match self.hello(extended).await? {
            Ok(capabilities) => Ok(capabilities),
            Err(refusal) => {
                let fault = match refusal.reply() {
                    Some(reply) => Fault::Closing(reply.clone()),
                    None => Fault::Ended,
                };
                Err(self.driver.fail(fault).into())
            }
        }
    }

    /// Says EHLO, and HELO to a server that does not know it.
    ///
    /// A session that is `extended` does not fall back: one that is inside TLS cannot have got there
    /// without extensions (RFC 3207 §4), and one that must get there would not.
    pub(super) async fn hello(
        &mut self,
        extended: bool,
    ) -> Result<Result<Capabilities, Refusal>, Lost> {
        let none = Capabilities::none();
        let client = self.profile.client_name.clone();
        let refusal = match self.exchange(&Ehlo::new(client.clone()), &none, false).await? {
            Ok((reply, _)) => return Ok(Ok(self.learn(&reply))),
            Err(refusal) => refusal,
        };
        if extended || !refusal.reply().is_some_and(knows_no_ehlo) {
            return Ok(Err(refusal));
        }
        let helo = self.exchange(&Helo::new(client), &none, false).await?;
        Ok(helo.map(|_| Capabilities::none()))
    }

    fn learn(&self, reply: &Reply) -> Capabilities {
        let capabilities = Capabilities::from_reply(reply);
        if self.profile.ignored.is_empty() {
            return capabilities;
        }
        let ignored: Vec<&str> = self.profile.ignored.iter().map(String::as_str).collect();
        capabilities.without(&ignored)
    }
}

/// Whether the reply says that the command is unknown (RFC 5321 §4.1.4), and not that this client
/// is not welcome.
fn knows_no_ehlo(reply: &Reply) -> bool {
    matches!(reply.code().value(), 500..=504)
}
