//! A question in another state.

use smtp::{Connection, Error, SmtpCommand};
use smtp::command::CommandExchange;
use smtp::state::Authed;

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(250, 334), converses, valid_in(Greeted))]
struct Ask;

async fn program(mut connection: Connection<Authed>, say: &mut dyn CommandExchange) -> Result<(), Error> {
    connection.exchange(Ask, say).await?;
    Ok(())
}

fn main() {}
