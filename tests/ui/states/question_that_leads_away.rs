//! A question that leads away, where it is to stay.

use smtp::{Connection, Error, SmtpCommand};
use smtp::command::CommandExchange;
use smtp::state::Tls;

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(235, 334), converses, transition(Tls => Authed))]
struct Ask;

async fn program(mut connection: Connection<Tls>, say: &mut dyn CommandExchange) -> Result<(), Error> {
    connection.exchange(Ask, say).await?;
    Ok(())
}

fn main() {}
