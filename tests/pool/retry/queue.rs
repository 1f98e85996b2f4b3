//! A queue that outlives the program, made of the public interface alone.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use smtp::extension::TransactionId;
use smtp_pool::{Attempted, Message, Pending, Report, Retry, RetryError, RetryErrorKind, Schedule};
use tokio::time::sleep;

use super::super::peer::{Peer, Plan};
use super::{envelope, named, one, outcomes, text};

const MINUTE: Duration = Duration::from_secs(60);

/// A disk: each message by its number, and those that are finished.
#[derive(Default)]
struct Disk {
    waiting: BTreeMap<u32, String>,
    finished: Vec<(u32, Result<Report, RetryError>)>,
}

impl Disk {
    fn add(&mut self, number: u32, message: Message) {
        self.keep(number, &Pending::new(message));
    }

    fn keep(&mut self, number: u32, pending: &Pending) {
        self.waiting.insert(number, serde_json::to_string(pending).expect("plain data"));
    }

    fn read(&self, number: u32) -> Pending {
        serde_json::from_str(&self.waiting[&number]).expect("what was written")
    }

    /// One attempt of each message that is due.
    async fn run(&mut self, retry: &Retry, now: SystemTime) {
        for number in self.waiting.keys().copied().collect::<Vec<_>>() {
            let pending = self.read(number);
            if now < pending.due() {
                continue;
            }
            match retry.attempt(pending).await {
                Attempted::Again(pending) => self.keep(number, &pending),
                Attempted::Finished(result) => {
                    self.waiting.remove(&number);
                    self.finished.push((number, result));
                }
            }
        }
    }
}

/// Each attempt is made by another program: pool, handle and message are read anew.
#[tokio::test(start_paused = true)]
async fn a_message_outlives_the_program() {
    let peer = Peer::new(Plan::default());
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"; 2]);
    peer.script("RCPT TO:<b@", &["550 5.1.1 no such user"]);
    let mut disk = Disk::default();
    disk.add(0, Message::new(envelope("abc"), text(0)));
    disk.add(1, Message::new(envelope("d"), text(1)));
    let mut now = SystemTime::now();
    for _ in 0..3 {
        let schedule = Schedule::given([MINUTE, 2 * MINUTE]).jitter(0.0);
        let retry = one(&peer).retry(schedule);
        let before = peer.counts().named.len();
        disk.run(&retry, now).await;
        disk.run(&retry, now).await;
        let attempts = peer.counts().named.len() - before;
        assert!(attempts <= 2, "none is made before it is due");
        now += 2 * MINUTE;
    }
    assert_eq!(named(&peer), "abc d a a");
    assert!(disk.waiting.is_empty());
    let (numbers, results): (Vec<_>, Vec<_>) = disk.finished.into_iter().unzip();
    assert_eq!(numbers, [1, 0]);
    let report = results[1].as_ref().expect("delivered to some");
    assert_eq!(outcomes(report), "drd");
    let attempts: Vec<_> =
        report.recipients().iter().map(|recipient| recipient.attempts().len()).collect();
    assert_eq!(attempts, [3, 1, 1], "those of all programs");
    assert!(peer.counts().delivered.values().all(|&times| times == 1));
}

/// The lifetime is that from when the message was given, however often the program begins anew.
#[tokio::test(start_paused = true)]
async fn the_lifetime_of_a_message_goes_on_while_no_program_runs() {
    let peer = Peer::new(Plan::default());
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"; 2]);
    let schedule = || Schedule::given([MINUTE; 5]).lifetime(60 * MINUTE);
    let mut disk = Disk::default();
    disk.add(0, Message::new(envelope("a"), text(0)));
    disk.run(&one(&peer).retry(schedule()), SystemTime::now()).await;
    // The disk of a program that did not run for an hour.
    let mut old: serde_json::Value = serde_json::from_str(&disk.waiting[&0]).expect("an object");
    for time in ["begun", "due"] {
        let seconds = old[time]["secs_since_epoch"].as_u64().expect("a time");
        old[time]["secs_since_epoch"] = (seconds - 3600).into();
    }
    disk.waiting.insert(0, old.to_string());
    disk.run(&one(&peer).retry(schedule()), SystemTime::now()).await;
    let (_, result) = disk.finished.pop().expect("it is over");
    let error = result.expect_err("not delivered");
    assert_eq!(error.kind(), RetryErrorKind::Expired);
    let attempts = error.report().recipients()[0].attempts();
    assert_eq!(attempts.len(), 2, "one more was made, as it was due");
    assert!(attempts[1].began >= 60 * MINUTE, "{:?}", attempts[1].began);
}

/// A queue may also wait in memory, and stop.
#[tokio::test(start_paused = true)]
async fn a_message_that_is_stopped_is_handed_back() {
    let peer = Peer::new(Plan::default());
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"]);
    let retry = one(&peer).retry(Schedule::new());
    let pending = Pending::new(Message::new(envelope("ab"), text(0)));
    let Attempted::Again(pending) = retry.attempt(pending).await else { panic!("it waits") };
    assert_eq!((pending.attempts(), outcomes(&pending.report()).as_str()), (1, "sd"));
    assert_eq!(retry.now_waiting(), (0, 0), "it takes no room");
    let error = pending.stop().expect_err("stopped");
    assert_eq!(error.kind(), RetryErrorKind::Closed);
    let message = error.into_message().expect("handed back");
    assert_eq!(message.envelope().rcpts().len(), 1);
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let write = |names| {
        let pending = Pending::new(Message::new(envelope(names), text(0)));
        serde_json::to_value(pending).expect("plain data")
    };
    let (mut one, other) = (write("ab"), write("b"));
    one["recipients"] = other["recipients"].clone();
    let error = serde_json::from_value::<Pending>(one).expect_err("they differ");
    assert!(error.to_string().contains("must be kept together"), "{error}");
}

/// A transaction of RFC 1845 is that of all recipients: the same identifier is given again as long as
/// nothing has changed, and none with fewer recipients.
#[tokio::test(start_paused = true)]
async fn the_identifier_of_a_transaction_is_that_of_its_recipients() {
    let peer = Peer::new(Plan { offers: "CHECKPOINT", ..Plan::default() });
    peer.script("MAIL", &["451 4.3.0 not now"]);
    peer.script("RCPT TO:<a@", &["450 4.2.1 not now"]);
    let id = TransactionId::new("1@example.com").expect("an identifier");
    let schedule = Schedule::given([MINUTE; 3]);
    let retry = one(&peer).retry(schedule);
    let report = retry.send(envelope("ab").with(id), text(0)).await.expect("delivered");
    sleep(MINUTE).await;
    assert!(report.is_complete());
    let mails = peer.counts().mails;
    let with_id: Vec<_> =
        mails.iter().map(|mail| mail.contains("TRANSID=<1@example.com>")).collect();
    assert_eq!(with_id, [true, true, false], "{mails:?}");
}
