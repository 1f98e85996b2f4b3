//! A command that does not say `pipelining` is the last of its group.

use smtp::command::Mail;
use smtp::state::Authed;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-NOTE", valid_in(Idle))]
struct Note;

async fn program(connection: Connection<Authed>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().send(Note).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
