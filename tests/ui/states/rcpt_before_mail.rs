//! A recipient before the sender.

use smtp::{Connection, Error};
use smtp::command::Rcpt;
use smtp::grammar::ForwardPath;
use smtp::state::Greeted;

async fn send(mut connection: Connection<Greeted>) -> Result<(), Error> {
    connection.rcpt(Rcpt::to(ForwardPath::Postmaster)).await?;
    Ok(())
}

fn main() {}
