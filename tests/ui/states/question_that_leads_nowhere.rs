//! A question that stays, on the way to another state.

use smtp::{Connection, Error, SmtpCommand};
use smtp::command::CommandExchange;
use smtp::state::Greeted;

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(250, 334), converses, valid_in(Greeted))]
struct Ask;

async fn program(connection: Connection<Greeted>, say: &mut dyn CommandExchange) -> Result<(), Error> {
    connection.exchange_into(Ask, say).await?;
    Ok(())
}

fn main() {}
