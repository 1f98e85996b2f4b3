//! AUTH is an exchange, so it is in no group.

use smtp::command::{Auth, Mail};
use smtp::state::Tls;
use smtp::{Connection, Error};

async fn program(connection: Connection<Tls>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().send(Auth::new("PLAIN", None)).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
