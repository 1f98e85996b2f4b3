//! Groups of commands through real servers.

use smtp::Mailbox;
use smtp::command::{Mail, Rcpt};

use super::mailbox_check;
use super::server::Server;

fn message(mark: &str, subject: &str) -> String {
    format!(
        "X-First: {mark}\r\n\
         From: tester@example.test\r\n\
         Message-ID: <{subject}@example.test>\r\n\
         Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n\
         Subject: {subject}\r\n\
         \r\n\
         .\r\n\
         the end\r\n"
    )
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().expect("an address")
}

/// Two messages and QUIT are one group.
async fn through(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let user = server.user().to_owned();
    let path = mailbox(&user);
    let sent = [message("pipeline", "one"), message("pipeline", "two")];
    let group = server.submission().await.pipeline().mail(Mail::from(&path));
    let group = group.each([Rcpt::to(&path)]).data(&sent[0]);
    let group = group.mail(Mail::from(&path)).rcpt(Rcpt::to(&path)).data(&sent[1]).quit();
    let (ended, (_, _, one, _, _, two, quit)) = group.await;
    assert!(one.end.is_accepted(), "{name}: {}", one.end);
    assert!(two.end.is_accepted(), "{name}: {}", two.end);
    assert!(quit.is_accepted(), "{name}: {quit}");
    ended.expect("QUIT");

    let delivered = mailbox_check::wait_for(server, &user, "pipeline", 2).await;
    assert_eq!(delivered, sent.map(String::into_bytes), "{name} got other messages");
}

/// Postfix keeps the transaction of a message that a policy refuses: the next one in the group must
/// not join it.
#[tokio::test]
async fn a_message_after_one_that_a_policy_refuses() {
    let Some(server) = Server::get_started("postfix") else {
        return;
    };
    let taken = message("policy", "taken");
    for port in ["PORT_PLAIN", "PORT_7BIT"] {
        let mail = server.relay(port).await;
        let tester = mailbox("tester@example.test");
        let unknown = mailbox("nosuch@example.test");
        let group = mail.pipeline().mail(Mail::from(mailbox("eodperm@example.test")));
        let group =
            group.each([Rcpt::to(&tester), Rcpt::to(unknown)]).data(message("policy", "refused"));
        let group = group.mail(Mail::from(mailbox("a@example.com"))).rcpt(Rcpt::to(&tester));
        let (mail, (_, rcpts, refused, _, _, second)) = group.data(&taken).await;
        assert!(rcpts[0].is_accepted(), "{}", rcpts[0]);
        assert!(rcpts[1].refusal().is_some(), "{}", rcpts[1]);
        assert!(refused.end.refusal().is_some(), "{port}: {}", refused.end);
        assert!(second.end.is_accepted(), "{port}: {}", second.end);
        mail.expect("a session").quit().await.expect("QUIT");
    }
    let delivered = mailbox_check::wait_for(server, "tester@example.test", "policy", 2).await;
    for message in &delivered {
        assert_eq!(String::from_utf8_lossy(message), taken);
    }
}

with_each_server!(through);
