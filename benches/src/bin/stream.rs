//! Sends a stream of messages over one connection: `stream ADDRESS MESSAGES RCPTS OCTETS [dots]`.

use std::net::SocketAddr;

use bytes::Bytes;
use smtp::{Connection, Envelope, Server};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let address: SocketAddr = arguments[0].parse().expect("an address");
    let number = |place: usize| arguments[place].parse::<usize>().expect("a number");
    let (messages, rcpts, octets) = (number(1), number(2), number(3));
    let body = message(octets, arguments.get(4).is_some_and(|kind| kind == "dots"));
    let recipients = (0..rcpts).map(|number| format!("rcpt{number:04}@example.net"));
    let envelope = Envelope::new("sender@example.org", recipients).expect("addresses");

    let server = Server::new(address.ip().to_string(), address.port());
    let mut connection = Connection::connect(&server).await.expect("a session");
    let stream = (0..messages).map(|_| (envelope.clone(), body.clone()));
    let mut taken = 0;
    let delivered = connection.deliver_all(stream, |_, result| {
        result.expect("every message is taken");
        taken += 1;
    });
    delivered.await.expect("the connection stays");
    connection.quit().await.expect("QUIT");
    assert_eq!(taken, messages);
}

/// A message of so many octets, in lines of 78.
fn message(octets: usize, dots: bool) -> Bytes {
    let line = "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n";
    let line = if dots { line.replacen('L', ".", 1) } else { line.to_owned() };
    let mut message = b"Subject: benchmark\r\n\r\n".to_vec();
    while message.len() < octets {
        message.extend_from_slice(line.as_bytes());
    }
    message.truncate(octets - 2);
    message.extend_from_slice(b"\r\n");
    Bytes::from(message)
}
