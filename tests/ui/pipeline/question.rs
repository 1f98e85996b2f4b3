//! A question that other commands follow.

use smtp::state::Greeted;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(250, 334), converses, valid_in(Greeted))]
struct Ask;

async fn program(connection: Connection<Greeted>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().send(Ask).quit().await;
    connection?;
    Ok(())
}

fn main() {}
