//! RCPT stands before MAIL.

use smtp::command::{Mail, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, rcpt: Rcpt) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().rcpt(rcpt).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
