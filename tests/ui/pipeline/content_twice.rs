//! A second message stands in a transaction that the first has ended.

use smtp::command::{Mail, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, rcpt: Rcpt) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).rcpt(rcpt).data("Subject: x").data("Subject: y").await;
    connection?;
    Ok(())
}

fn main() {}
