//! Nothing follows QUIT.

use smtp::command::{Mail, Quit};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().send(Quit).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
