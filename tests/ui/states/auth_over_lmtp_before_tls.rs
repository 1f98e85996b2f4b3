//! Authentication over LMTP in clear.

use smtp::state::{Greeted, Lmtp};
use smtp::{Connection, Error, Plain};

async fn program(connection: Connection<Lmtp<Greeted>>) -> Result<(), Error> {
    connection.authenticate(&mut Plain::new("me", "secret")).await?;
    Ok(())
}

fn main() {}
