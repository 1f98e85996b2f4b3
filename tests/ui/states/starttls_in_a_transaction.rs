//! STARTTLS in the middle of a transaction.

use smtp::state::{Greeted, InTransaction};
use smtp::{Connection, Error, TlsConfig};

async fn program(connection: Connection<InTransaction<Greeted>>, tls: &TlsConfig) -> Result<(), Error> {
    connection.starttls(tls).await?;
    Ok(())
}

fn main() {}
