//! A second login, through the door.

use smtp::state::Authed;
use smtp::{Connection, Error, Plain};

async fn program(connection: Connection<Authed>) -> Result<(), Error> {
    connection.dangerous().authenticate(&mut Plain::new("me", "pencil")).await?;
    Ok(())
}

fn main() {}
