//! The old state, after the session has left it.

use smtp::{Connection, Error};
use smtp::command::{Mail, Noop};
use smtp::grammar::ReversePath;
use smtp::state::Authed;

async fn send(mut connection: Connection<Authed>) -> Result<(), Error> {
    let _transaction = connection.mail(Mail::from(ReversePath::Null)).await?;
    connection.send(Noop).await?;
    Ok(())
}

fn main() {}
