//! A transition out of a state that it does not begin in.

use smtp::{Connection, Error, SmtpCommand};
use smtp::state::Greeted;

#[derive(SmtpCommand)]
#[smtp(verb = "X-LOGIN", transition(Tls => Authed))]
struct Login;

async fn send(connection: Connection<Greeted>) -> Result<(), Error> {
    connection.transition(Login).await?;
    Ok(())
}

fn main() {}
