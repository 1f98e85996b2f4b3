//! A transaction after XCLIENT has ended the authentication, and before the state is known.

use smtp::command::{Mail, XClient};
use smtp::state::Authed;
use smtp::{Connection, Error, Mailbox};

async fn send(connection: Connection<Authed>, sender: Mailbox) -> Result<(), Error> {
    let (connection, _) = connection.transition(XClient::new().port(25)).await?;
    connection.mail(Mail::from(sender)).await?;
    Ok(())
}

fn main() {}
