//! A question in another state.

use smtp::state::Authed;
use smtp::{Connection, Error, Conversation, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-ASK", accepts(250, 334), converses, valid_in(Greeted))]
struct Ask;

async fn program(mut connection: Connection<Authed>, say: &mut dyn Conversation) -> Result<(), Error> {
    connection.converse(Ask, say).await?;
    Ok(())
}

fn main() {}
