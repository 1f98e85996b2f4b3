//! EHLO in a session of LMTP, which has LHLO instead.

use smtp::state::{Greeted, Lmtp};
use smtp::{Connection, Error};

async fn program(mut connection: Connection<Lmtp<Greeted>>) -> Result<(), Error> {
    connection.ehlo().await?;
    Ok(())
}

fn main() {}
