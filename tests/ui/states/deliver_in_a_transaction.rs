//! A second message in the middle of one.

use smtp::state::{InTransaction, Tls};
use smtp::{Connection, Error, Envelope};

async fn program(mut connection: Connection<InTransaction<Tls>>, envelope: Envelope) -> Result<(), Error> {
    connection.deliver(&envelope, "Subject: x").await;
    Ok(())
}

fn main() {}
