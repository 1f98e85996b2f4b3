//! A command stands after the last one.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, rcpt: Rcpt) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).last(Noop).rcpt(rcpt).await;
    connection?;
    Ok(())
}

fn main() {}
