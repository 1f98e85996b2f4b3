//! Calls as tasks of their own: each future is `Send`, also where it borrows what it sends.

use smtp::command::{Mail, Rcpt};
use smtp::state::Greeted;
use smtp::{Body, Connection, Envelope, Mailbox, Transfer};
use tests::{Mta, server};
use tokio::task::JoinHandle;

fn messages() -> Vec<(Envelope, String)> {
    let envelope = || Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    (0..3).map(|number| (envelope(), format!("{number}\r\n"))).collect()
}

async fn connect() -> (Connection<Greeted>, JoinHandle<tests::Inbox>) {
    let (stream, inbox) = Mta::offering(&["PIPELINING", "CHUNKING"]).start();
    let mut connection = Connection::from_stream(stream, &server()).await.expect("EHLO");
    connection.set_transfer(Transfer::eager());
    (connection, inbox)
}

/// How many messages a server got from a task.
async fn got<T>(task: JoinHandle<T>, inbox: JoinHandle<tests::Inbox>) -> usize {
    task.await.expect("no panic");
    inbox.await.expect("a server").messages.len()
}

/// The items of the iterator borrow, in a closure that is general over their life.
#[tokio::test(start_paused = true)]
async fn a_stream_of_borrowed_messages() {
    let (mut connection, inbox) = connect().await;
    let task = tokio::spawn(async move {
        let messages = messages();
        let mut told = 0;
        let borrowed = messages.iter().map(|(envelope, body)| (envelope, body.as_str()));
        connection.deliver_all(borrowed, |_, _| told += 1).await.expect("a session");
        assert_eq!(told, 3);
    });
    assert_eq!(got(task, inbox).await, 3);

    let (mut connection, inbox) = connect().await;
    let task = tokio::spawn(async move {
        let messages = messages();
        let bodies = messages.iter().map(|(e, b)| (e, Body::reader(b.as_bytes())));
        connection.deliver_all(bodies, |_, result| drop(result.expect("delivered"))).await
    });
    assert_eq!(got(task, inbox).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_message() {
    let (mut connection, inbox) = connect().await;
    let task = tokio::spawn(async move {
        for (envelope, body) in &messages() {
            connection.deliver(envelope, body.as_str()).await.expect("delivered");
        }
    });
    assert_eq!(got(task, inbox).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_borrowed_message_of_a_transaction_and_of_a_group() {
    let mailbox = |address: &str| address.parse::<Mailbox>().expect("an address");
    let mail = move || Mail::from(mailbox("me@example.com"));
    let rcpt = move || Rcpt::to(mailbox("you@example.org"));
    let (connection, inbox) = connect().await;
    let task = tokio::spawn(async move {
        let body = String::from("x\r\n");
        let mut transaction = connection.mail(mail()).await.expect("MAIL");
        transaction.rcpt(rcpt()).await.expect("RCPT");
        let (connection, _) = transaction.data(&*body).await.expect("delivered");
        let group = connection.pipeline().mail(mail()).each([rcpt(), rcpt()]).data(&*body);
        let (connection, (_, _, message)) = group.await;
        assert!(message.end.is_accepted());
        connection.expect("a session").quit().await
    });
    assert_eq!(got(task, inbox).await, 2);
}
