//! Tests of the program.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use csv::StringRecord;
use smtp::Server;
use smtp::testing::CaptureServer;
use smtp_pool::Pool;

use crate::demonstration::{self, Folder};
use crate::progress::line;
use crate::report::Tally;
use crate::send;
use crate::template::Template;

#[tokio::test]
async fn it_runs_as_it_is() {
    demonstration::run().await.expect("two runs");
}

#[tokio::test]
async fn a_run_sends_to_those_alone_who_are_new_or_to_be_sent_to_later() {
    let capture = CaptureServer::builder()
        .plaintext()
        .refuse_recipient("busy@example.org", "450 4.2.1 busy")
        .start()
        .await
        .expect("a server");
    let pool = Pool::new(Server::new(capture.host(), capture.port()));
    let folder = Folder::new("resumes").expect("a folder");
    let list = "name,address\n\
        a,done@example.org\nb,open@example.org\nc,later@example.org\nd,gone@example.org\n\
        e,lost@example.org\nf,new@example.org\ng,New@example.org\nh,no address\ni,busy@example.org\n";
    let options = folder.options(list, "Subject: {name}\n\nText.\n").expect("files");
    let before = "address,result,text\n\
        done@example.org,sending,\ndone@example.org,delivered,250 ok\n\
        open@example.org,sending,\n\
        later@example.org,sending,\nlater@example.org,later,\"451 try, again\"\n\
        gone@example.org,refused,550\nlost@example.org,unknown,\n";
    std::fs::write(&options.report, before).expect("a report");
    let stop = AtomicBool::new(true);
    let tally = send(&options, &pool, &stop).await.expect("nothing to do");
    assert_eq!((tally.left, tally.unknown), (3, 2), "a run that is stopped begins nothing");
    let stop = AtomicBool::new(false);
    for run in 0..2 {
        let tally = send(&options, &pool, &stop).await.expect("a run");
        let expected = Tally { delivered: 3, later: 1, refused: 2, unknown: 2, left: 0 };
        assert_eq!(tally, expected, "run {run}");
    }
    let mut sent: Vec<_> =
        capture.messages().into_iter().flat_map(|mail| mail.recipients).collect();
    sent.sort();
    assert_eq!(sent, ["later@example.org", "new@example.org"]);
    let report = std::fs::read_to_string(&options.report).expect("a report");
    assert!(report.starts_with(before), "it only grows");
    assert_eq!(report.matches("busy@example.org,later,").count(), 2, "{report}");
}

#[test]
fn a_template_takes_its_fields_from_the_list_and_no_line_ends() {
    let columns = StringRecord::from(vec!["address", "name"]);
    let row = StringRecord::from(vec!["you@example.org", "You\r\nBcc: all@example.org"]);
    let fill = |text: &str| {
        let filler = Template::parse(text).and_then(|template| template.with_columns(&columns));
        filler.map(|filler| filler.fill(&row)).map_err(|error| error.to_string())
    };
    assert_eq!(
        fill("Subject: {name}\n\n{address} {{x}\n").as_deref(),
        Ok("Subject: You  Bcc: all@example.org\n\nyou@example.org {x}\n")
    );
    assert!(fill("{nickname}").is_err_and(|error| error.contains("no column `nickname`")));
    assert!(fill("{name").is_err_and(|error| error.contains("no end")));
}

#[test]
fn the_line_says_how_fast_and_how_long_still() {
    assert_eq!(line(0, 10, Duration::ZERO), "0/10");
    assert_eq!(line(250, 1000, Duration::from_secs(25)), "250/1000  10 messages/s  1:15 left");
    assert_eq!(line(5, 5, Duration::from_secs(1)), "5/5  5 messages/s  0:00 left");
}
