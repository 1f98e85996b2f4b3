//! A user's command stands where it is not valid.

use smtp::command::Mail;
use smtp::state::Authed;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-NOTE", valid_in(Idle), pipelining)]
struct Note;

async fn program(connection: Connection<Authed>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).send(Note).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
