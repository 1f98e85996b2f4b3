//! HELO as a command of its own over LMTP.

use smtp::command::Helo;
use smtp::grammar::Domain;
use smtp::state::{Greeted, Lmtp};
use smtp::{Connection, Error};

async fn program(mut connection: Connection<Lmtp<Greeted>>, name: Domain) -> Result<(), Error> {
    connection.send(Helo::new(name)).await?;
    Ok(())
}

fn main() {}
