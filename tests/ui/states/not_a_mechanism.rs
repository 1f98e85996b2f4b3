//! Credentials that are no mechanism.

use smtp::{Connection, Error};
use smtp::state::Tls;

async fn send(connection: Connection<Tls>) -> Result<(), Error> {
    connection.authenticate(&mut "pencil").await?;
    Ok(())
}

fn main() {}
