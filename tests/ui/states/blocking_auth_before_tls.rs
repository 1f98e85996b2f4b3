//! Credentials in clear, by a call that blocks.

use smtp::blocking::Connection;
use smtp::state::Greeted;
use smtp::{Error, Plain};

fn send(connection: Connection<Greeted>) -> Result<(), Error> {
    connection.authenticate(&mut Plain::new("me", "pencil"))?;
    Ok(())
}

fn main() {}
