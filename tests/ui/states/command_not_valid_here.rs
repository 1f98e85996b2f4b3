//! A command in a state that it is not valid in.

use smtp::{Connection, Error, SmtpCommand};
use smtp::state::Greeted;

#[derive(SmtpCommand)]
#[smtp(verb = "X-SECRETIVE", valid_in(Tls, Authed))]
struct Secretive;

async fn send(mut connection: Connection<Greeted>) -> Result<(), Error> {
    connection.send(Secretive).await?;
    Ok(())
}

fn main() {}
