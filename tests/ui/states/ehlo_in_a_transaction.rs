//! EHLO in the middle of a transaction.

use smtp::state::{InTransaction, Tls};
use smtp::{Connection, Error};

async fn program(mut connection: Connection<InTransaction<Tls>>) -> Result<(), Error> {
    connection.ehlo().await?;
    Ok(())
}

fn main() {}
