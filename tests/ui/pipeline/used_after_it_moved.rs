//! The connection is in the group, and comes back with its outcomes.

use smtp::command::Mail;
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail) -> Result<(), Error> {
    let (_, _) = connection.pipeline().mail(mail).data("Subject: x").await;
    connection.quit().await?;
    Ok(())
}

fn main() {}
