//! A chunk without a transaction.

use smtp::state::Tls;
use smtp::{Connection, Error};

async fn program(connection: Connection<Tls>) -> Result<(), Error> {
    connection.bdat("Subject: x").await?;
    Ok(())
}

fn main() {}
