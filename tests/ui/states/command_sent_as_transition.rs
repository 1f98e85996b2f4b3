//! A command that stays, sent as if it moved the session.

use smtp::command::Noop;
use smtp::{Connection, Error};
use smtp::state::Tls;

async fn send(connection: Connection<Tls>) -> Result<(), Error> {
    connection.transition(Noop).await?;
    Ok(())
}

fn main() {}
