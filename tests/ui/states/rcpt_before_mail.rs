//! A recipient before the sender.

use smtp::command::Rcpt;
use smtp::{Connection, Error, ForwardPath};
use smtp::state::Greeted;

async fn send(mut connection: Connection<Greeted>) -> Result<(), Error> {
    connection.rcpt(Rcpt::to(ForwardPath::Postmaster)).await?;
    Ok(())
}

fn main() {}
