//! A recipient is no command.

use smtp::command::Mail;
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).each(["you@example.org"]).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
