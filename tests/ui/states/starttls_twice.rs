//! TLS inside TLS.

use smtp::{Connection, Error, TlsConfig};
use smtp::state::Tls;

async fn send(connection: Connection<Tls>, tls: TlsConfig) -> Result<(), Error> {
    connection.starttls(&tls).await?;
    Ok(())
}

fn main() {}
