//! LHLO in a session of SMTP.

use smtp::state::Greeted;
use smtp::{Connection, Error};

async fn program(mut connection: Connection<Greeted>) -> Result<(), Error> {
    connection.lhlo().await?;
    Ok(())
}

fn main() {}
