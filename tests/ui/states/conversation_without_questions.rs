//! A conversation that the server does not open.

use smtp::command::Noop;
use smtp::state::Tls;
use smtp::{Connection, Conversation, Error};

async fn send(mut connection: Connection<Tls>, say: &mut dyn Conversation) -> Result<(), Error> {
    connection.converse(Noop, say).await?;
    Ok(())
}

fn main() {}
