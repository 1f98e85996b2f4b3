//! DATA stands without its content.

use smtp::command::{Data, Mail, Rcpt};
use smtp::state::Authed;
use smtp::{Connection, Error};

async fn program(connection: Connection<Authed>, mail: Mail, rcpts: Vec<Rcpt>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).each(rcpts).send(Data).await;
    connection?;
    Ok(())
}

fn main() {}
