//! Credentials in clear.

use smtp::{Connection, Error, Plain};
use smtp::state::Greeted;

async fn send(connection: Connection<Greeted>) -> Result<(), Error> {
    connection.authenticate(&mut Plain::new("me", "pencil")).await?;
    Ok(())
}

fn main() {}
