//! A command that is lent, where it is given away.

use smtp::command::Noop;
use smtp::state::Tls;
use smtp::{Connection, Error};

async fn program(mut connection: Connection<Tls>) -> Result<(), Error> {
    let noop = Noop;
    connection.send(&noop).await?;
    Ok(())
}

fn main() {}
