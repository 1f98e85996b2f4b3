//! A stream taken from a session that goes on.

use smtp::command::Noop;
use smtp::state::Tls;
use smtp::{Connection, Error};

async fn send(connection: Connection<Tls>) -> Result<(), Error> {
    connection.into_stream(Noop).await?;
    Ok(())
}

fn main() {}
