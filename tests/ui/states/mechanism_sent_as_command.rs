//! A mechanism is for `authenticate`.

use smtp::state::Tls;
use smtp::{Connection, Error, Plain};

async fn program(mut connection: Connection<Tls>) -> Result<(), Error> {
    connection.send(Plain::new("me", "pencil")).await?;
    Ok(())
}

fn main() {}
