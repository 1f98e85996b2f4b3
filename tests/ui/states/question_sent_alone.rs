//! A question whose answer would be the next command.

use smtp::state::Greeted;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(250, 334), converses, valid_in(Greeted))]
struct Ask;

async fn program(mut connection: Connection<Greeted>) -> Result<(), Error> {
    connection.send(Ask).await?;
    Ok(())
}

fn main() {}
