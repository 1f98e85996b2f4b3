//! A question on the way to another state.

use smtp::state::Tls;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(235, 334), converses, transition(Tls => Authed))]
struct Ask;

async fn program(connection: Connection<Tls>) -> Result<(), Error> {
    connection.transition(Ask).await?;
    Ok(())
}

fn main() {}
