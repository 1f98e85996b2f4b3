//! Content stands after a command that does not open it.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, rcpts: Vec<Rcpt>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).each(rcpts).content(Noop, "Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
