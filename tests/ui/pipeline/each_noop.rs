//! Each NOOP would be followed by another.

use smtp::command::Noop;
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().each([Noop, Noop]).await;
    connection?;
    Ok(())
}

fn main() {}
