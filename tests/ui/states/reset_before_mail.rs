//! RSET by its method, without a transaction.

use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>) -> Result<(), Error> {
    connection.reset().await?;
    Ok(())
}

fn main() {}
