//! STARTTLS is followed by a handshake, so it is in no group.

use smtp::command::{Mail, StartTls};
use smtp::state::Greeted;
use smtp::{Connection, Error};

async fn program(connection: Connection<Greeted>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().send(StartTls).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
