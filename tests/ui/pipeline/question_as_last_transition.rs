//! A question that leads away, at the end of a group.

use smtp::state::Tls;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(235, 334), converses, transition(Tls => Authed))]
struct Ask;

async fn program(connection: Connection<Tls>) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().last_transition(Ask).await;
    connection?;
    Ok(())
}

fn main() {}
