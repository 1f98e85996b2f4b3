//! A list, a template and a server of its own: two runs, the second of which goes on from the first.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use smtp::testing::CaptureServer;
use smtp::{Plain, Submission, TlsConfig};
use smtp_pool::{Pool, Settings};

use crate::args::Options;
use crate::report::Tally;
use crate::{Result, send};

const TEMPLATE: &str = "From: News <news@example.com>\nTo: {address}\nSubject: Hello, {name}\n\n\
    You are number {number}.\n";

/// A folder that is removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("bulk-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// Options for a list and a template that are written here.
    pub(crate) fn options(&self, list: &str, template: &str) -> Result<Options> {
        let path = |name| self.0.join(name);
        std::fs::write(path("list.csv"), list)?;
        std::fs::write(path("template.eml"), template)?;
        Ok(Options {
            recipients: path("list.csv"),
            template: path("template.eml"),
            report: path("report.csv"),
            from: "news@example.com".into(),
            connections: 4,
            at_most: usize::MAX,
        })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) async fn run() -> Result<()> {
    const ALL: usize = 500;
    let capture = CaptureServer::builder()
        .user("news", "secret")
        .refuse_recipient("reader7@example.org", "550 5.1.1 no such user")
        .start()
        .await?;
    let tls = TlsConfig::builder().root_pem(capture.authority_pem()).build()?;
    let submission = Submission::new(capture.host())
        .port(capture.port())
        .tls(tls)
        .auth_with(|| Plain::new("news", "secret"));
    let pool = Pool::with_settings(submission, Settings::new().connections(4));

    let folder = Folder::new("demonstration")?;
    let rows =
        (0..ALL).map(|number| format!("reader{number}@example.org,Reader {number},{number}\n"));
    let list = format!("address,name,number\n{}", rows.collect::<String>());
    let mut options = folder.options(&list, TEMPLATE)?;
    let stop = AtomicBool::new(false);
    options.at_most = 200;
    let first = send(&options, &pool, &stop).await?;
    println!("first run: {first}");
    options.at_most = usize::MAX;
    let second = send(&options, &pool, &stop).await?;
    println!("second run: {second}");

    let kept = capture.messages();
    let recipients: HashSet<_> = kept.iter().flat_map(|mail| &mail.recipients).collect();
    let expected = Tally { delivered: ALL - 1, refused: 1, ..Tally::default() };
    if second != expected || (first.delivered, first.left) != (199, 300) {
        return Err(format!("{ALL} recipients, one of whom does not exist: {second}").into());
    }
    if (kept.len(), recipients.len()) != (ALL - 1, ALL - 1) {
        let (mails, recipients) = (kept.len(), recipients.len());
        return Err(format!("the server holds {mails} mails for {recipients} recipients").into());
    }
    Ok(())
}
