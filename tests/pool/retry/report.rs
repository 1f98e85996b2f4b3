//! Reports: a line for a log, and plain data.

use smtp_pool::{Report, Schedule};

use super::super::peer::{Peer, Plan};
use super::{envelope, one, text};

async fn report() -> Report {
    let peer = Peer::new(Plan::default());
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"]);
    peer.script("RCPT TO:<b@", &["550-5.1.1 no such user\r\n550 5.1.1 here"]);
    let retry = one(&peer).retry(Schedule::new().jitter(0.0));
    retry.send(envelope("abc"), text(0)).await.expect("delivered")
}

#[tokio::test(start_paused = true)]
async fn a_report_is_a_line_for_a_log() {
    assert_eq!(
        report().await.to_string(),
        "<a@example.org> delivered after 2 attempts in 1800 s: 250 2.0.0 taken; \
         <b@example.org> refused after 1 attempt in 0 s: the server refused RCPT: 550 5.1.1 no such user / \
         5.1.1 here; \
         <c@example.org> delivered after 1 attempt in 0 s: 250 2.0.0 taken"
    );
}

#[tokio::test(start_paused = true)]
async fn a_report_can_be_written_and_read_back() {
    let report = report().await;
    let text = serde_json::to_string(&report).expect("plain data");
    assert_eq!(serde_json::from_str::<Report>(&text).expect("the same"), report);
    let refused = &report.recipients()[1];
    assert_eq!(
        refused.reply().expect("a reply").enhanced().map(|code| code.to_string()).as_deref(),
        Some("5.1.1")
    );
}
