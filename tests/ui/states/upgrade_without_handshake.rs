//! A TLS handshake after a command that does not begin one.

use smtp::command::Noop;
use smtp::{Connection, Error, TlsConfig};
use smtp::state::Greeted;

async fn send(connection: Connection<Greeted>, tls: TlsConfig) -> Result<(), Error> {
    connection.upgrade(Noop, &tls).await?;
    Ok(())
}

fn main() {}
