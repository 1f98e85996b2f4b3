//! STARTTLS is followed by a handshake, so it does not even end a group.

use smtp::command::StartTls;
use smtp::state::Greeted;
use smtp::{Connection, Error};

async fn program(connection: Connection<Greeted>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().last(StartTls).await;
    connection?;
    Ok(())
}

fn main() {}
