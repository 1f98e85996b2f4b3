//! A connection that was ended.

use smtp::command::Noop;
use smtp::{Connection, Error};
use smtp::state::Authed;

async fn send(mut connection: Connection<Authed>) -> Result<(), Error> {
    connection.quit().await?;
    connection.send(Noop).await?;
    Ok(())
}

fn main() {}
