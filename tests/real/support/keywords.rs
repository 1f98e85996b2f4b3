//! Keywords that bring no command and no parameter: the server lists them, and does what they say.

use smtp::command::{Mail, Noop, Rcpt};
use smtp::connect::CapabilityCache;
use smtp::extension::ServerLimits;
use smtp::grammar::EnhancedStatusCode;
use smtp::{Connection, Envelope, Server as Address, Submission};
use tests::support::{KeywordRow, Witness, mailbox};

use super::super::early;
use super::super::server::Server;

/// The server lists the keyword, and keeps to it.
pub(super) async fn keeps_to(server: &Server, witness: Witness, row: &KeywordRow) {
    let name = witness.name();
    match row.keyword {
        "PIPELINING" => {
            let mail = server.submission().await;
            assert!(mail.capabilities().has("PIPELINING"), "{name}: {:?}", mail.capabilities());
            let from = Mail::from(mailbox(server.user()));
            let to = [(); 3].map(|()| Rcpt::to(mailbox(server.user())));
            let group = mail.pipeline().mail(from).each(to).data("Subject: x\r\n\r\nx\r\n");
            let (mail, (_, _, message)) = group.await;
            assert!(message.end.is_accepted(), "{name}: {:?}", message.end);
            mail.expect("the session goes on").quit().await.expect("QUIT");
        }
        "ENHANCEDSTATUSCODES" => {
            let mut mail = server.submission().await;
            assert!(mail.capabilities().has(row.keyword), "{name}: {:?}", mail.capabilities());
            let reply = mail.send(Noop).await.expect("NOOP");
            assert_eq!(reply.enhanced().map(EnhancedStatusCode::class), Some(2), "{name}: {reply}");
            mail.quit().await.expect("QUIT");
        }
        "LIMITS" => limits(server).await,
        "PIPECONNECT" => early(server).await,
        "XRCPTFORWARD" => {
            let address = Address::new("127.0.0.1", server.port("PORT_LMTP"));
            let mail = Connection::connect_lmtp(&address).await.expect("LHLO");
            assert!(mail.capabilities().has(row.keyword), "{name}: {:?}", mail.capabilities());
            mail.quit().await.expect("QUIT");
        }
        keyword => panic!("{name} was not asked for {keyword}"),
    }
}

/// A message for one recipient more than the server takes goes out in two transactions.
async fn limits(server: &Server) {
    let mut mail = server.relay("PORT_PLAIN").await;
    let limits = mail.capabilities().get::<ServerLimits>().expect("LIMITS");
    let most = limits.rcpt.expect("RCPTMAX");
    assert!(limits.mail.is_some(), "{limits:?}");
    let addresses: Vec<_> = (0..=most).map(|n| format!("tester+{n}@example.test")).collect();
    let envelope = Envelope::new("a@example.com", &addresses).expect("addresses");
    let receipt = mail.deliver(&envelope, "Subject: x\r\n\r\nx\r\n").await.expect("delivered");
    assert!(receipt.is_complete());
    assert_eq!(mail.transactions(), 2);
    mail.quit().await.expect("QUIT");
}

/// EHLO leaves before the greeting once the client knows the server.
async fn early(server: &Server) {
    let (submission, lines) = early::seen(Submission::new("localhost"));
    let submission = submission.port(server.port("PORT_PLAIN")).without_tls();
    let submission = submission.capability_cache(&CapabilityCache::new());
    for is_known in [false, true] {
        submission.connect().await.expect("a session").quit().await.expect("QUIT");
        let lines = std::mem::take(&mut *lines.lock().expect("one thread"));
        assert!(lines.iter().any(|line| line.contains("PIPECONNECT")), "{lines:#?}");
        let is_early = early::first(&lines, "EHLO") < early::first(&lines, "220 ");
        assert_eq!(is_early, is_known, "{lines:#?}");
    }
}
