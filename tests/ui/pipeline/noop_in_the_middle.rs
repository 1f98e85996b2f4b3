//! NOOP must be the last of its group (RFC 2920 §3.1).

use smtp::command::{Mail, Noop, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, rcpts: Vec<Rcpt>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).send(Noop).each(rcpts).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
