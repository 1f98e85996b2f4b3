//! VRFY must be the last of its group (RFC 2920 §3.1).

use smtp::command::{Mail, Vrfy};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, vrfy: Vrfy) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().send(vrfy).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
