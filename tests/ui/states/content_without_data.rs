//! The message after a command that does not ask for it.

use smtp::command::Noop;
use smtp::{Connection, Error};
use smtp::state::{InTransaction, Tls};

async fn send(connection: Connection<InTransaction<Tls>>) -> Result<(), Error> {
    connection.content(Noop, "Subject: x").await?;
    Ok(())
}

fn main() {}
