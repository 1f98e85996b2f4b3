//! MAIL follows a transaction that is still open.

use smtp::command::{Mail, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, first: Mail, rcpt: Rcpt, second: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(first).rcpt(rcpt).mail(second).await;
    connection?;
    Ok(())
}

fn main() {}
