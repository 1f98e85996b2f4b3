//! A sender that was not parsed.

use smtp::command::Mail;
use smtp::state::Tls;
use smtp::{Connection, Error};

async fn program(connection: Connection<Tls>) -> Result<(), Error> {
    connection.mail(Mail::from("me@example.com")).await?;
    Ok(())
}

fn main() {}
