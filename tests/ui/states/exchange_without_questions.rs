//! An exchange that the server does not open.

use smtp::{Connection, Error};
use smtp::command::{CommandExchange, Noop};
use smtp::state::Tls;

async fn send(mut connection: Connection<Tls>, say: &mut dyn CommandExchange) -> Result<(), Error> {
    connection.exchange(Noop, say).await?;
    Ok(())
}

fn main() {}
