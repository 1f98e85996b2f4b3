//! Commands after a login would be sent without it if the server refused it.

use smtp::command::Mail;
use smtp::state::Tls;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "X-LOGIN", transition(Tls => Authed), pipelining)]
struct Login;

async fn program(connection: Connection<Tls>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().transition(Login).mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
