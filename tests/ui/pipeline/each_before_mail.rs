//! A list of recipients stands before MAIL.

use smtp::command::{Mail, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, rcpts: Vec<Rcpt>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().each(rcpts).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
