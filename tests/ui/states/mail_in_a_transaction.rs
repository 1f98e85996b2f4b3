//! A transaction inside a transaction.

use smtp::{Connection, Error};
use smtp::command::Mail;
use smtp::grammar::ReversePath;
use smtp::state::{InTransaction, Tls};

async fn send(connection: Connection<InTransaction<Tls>>) -> Result<(), Error> {
    connection.mail(Mail::from(ReversePath::Null)).await?;
    Ok(())
}

fn main() {}
