//! RSET by its method, without a transaction.

use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().reset().quit().await;
    connection?;
    Ok(())
}

fn main() {}
