//! A recipient that was not parsed.

use smtp::command::Rcpt;
use smtp::state::{InTransaction, Tls};
use smtp::{Connection, Error};

async fn program(mut connection: Connection<InTransaction<Tls>>) -> Result<(), Error> {
    connection.rcpt(Rcpt::to("you@example.org")).await?;
    Ok(())
}

fn main() {}
