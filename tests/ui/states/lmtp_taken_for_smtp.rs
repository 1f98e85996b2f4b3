//! A session of LMTP where one of SMTP is asked for.

use smtp::state::Greeted;
use smtp::{Connection, Error, Server};

async fn program(server: &Server) -> Result<(), Error> {
    let connection: Connection<Greeted> = Connection::connect_lmtp(server).await?;
    connection.quit().await?;
    Ok(())
}

fn main() {}
