//! Credentials over opportunistic TLS.

use smtp::connect::OpportunisticTls;
use smtp::connection::AnyConnection;
use smtp::{Error, Plain, Server};

async fn send(server: Server, tls: OpportunisticTls) -> Result<(), Error> {
    let connection = AnyConnection::connect_opportunistic(&server, &tls).await?;
    connection.authenticate(&mut Plain::new("me", "pencil")).await?;
    Ok(())
}

fn main() {}
