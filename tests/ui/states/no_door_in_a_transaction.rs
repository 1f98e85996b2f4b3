//! The door for secrets, within a transaction.

use smtp::state::{Greeted, InTransaction};
use smtp::{Connection, Error};

async fn program(mut connection: Connection<InTransaction<Greeted>>) -> Result<(), Error> {
    connection.dangerous_mut();
    Ok(())
}

fn main() {}
