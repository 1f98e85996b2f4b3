//! NOOP opens no transaction.

use smtp::command::{Noop, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, rcpt: Rcpt) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().transition(Noop).rcpt(rcpt).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
