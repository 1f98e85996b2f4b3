//! Content stands where no transaction is open.

use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
