//! A misspelt name, and a login with it.

use smtp::state::Tls;
use smtp::{Connection, Error, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(mechansim = "X-A", initial = "{0}")]
struct Login(String);

async fn login(connection: Connection<Tls>, mut login: Login) -> Result<(), Error> {
    connection.authenticate(&mut login).await?;
    Ok(())
}

fn main() {}
