//! An exchange that the server does not open.

use smtp::command::Noop;
use smtp::state::Tls;
use smtp::{Connection, CommandExchange, Error};

async fn send(mut connection: Connection<Tls>, say: &mut dyn CommandExchange) -> Result<(), Error> {
    connection.exchange(Noop, say).await?;
    Ok(())
}

fn main() {}
