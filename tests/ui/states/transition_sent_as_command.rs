//! A command that moves the session, sent as if it stayed.

use smtp::{Connection, Error};
use smtp::command::Mail;
use smtp::grammar::ReversePath;
use smtp::state::Tls;

async fn send(mut connection: Connection<Tls>) -> Result<(), Error> {
    connection.send(Mail::from(ReversePath::Null)).await?;
    Ok(())
}

fn main() {}
