//! A second login.

use smtp::{Connection, Error, Plain};
use smtp::state::Authed;

async fn send(connection: Connection<Authed>) -> Result<(), Error> {
    connection.authenticate(&mut Plain::new("me", "pencil")).await?;
    Ok(())
}

fn main() {}
