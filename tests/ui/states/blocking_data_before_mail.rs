//! A message without a transaction, by a call that blocks.

use smtp::blocking::Connection;
use smtp::state::Authed;
use smtp::Error;

fn send(connection: Connection<Authed>) -> Result<(), Error> {
    connection.data("Subject: Hello\r\n\r\n")?;
    Ok(())
}

fn main() {}
