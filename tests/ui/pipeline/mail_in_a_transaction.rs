//! MAIL stands in a transaction.

use smtp::command::Mail;
use smtp::state::{InTransaction, Tls};
use smtp::{Connection, Error};

async fn program(connection: Connection<InTransaction<Tls>>, mail: Mail) -> Result<(), Error> {
    let (connection, _) = connection.pipeline().mail(mail).data("Subject: x").await;
    connection?;
    Ok(())
}

fn main() {}
