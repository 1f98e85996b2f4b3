//! A stream taken from a session that goes on.

use smtp::command::Noop;
use smtp::state::Tls;
use smtp::{Connection, Error};

async fn send(connection: Connection<Tls>) -> Result<(), Error> {
    connection.hand_over(Noop).await?;
    Ok(())
}

fn main() {}
