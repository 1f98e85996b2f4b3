//! The message before its envelope.

use smtp::{Connection, Error};
use smtp::state::Tls;

async fn send(connection: Connection<Tls>) -> Result<(), Error> {
    connection.data("Subject: x").await?;
    Ok(())
}

fn main() {}
