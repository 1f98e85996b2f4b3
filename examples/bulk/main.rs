//! Sends one message to each recipient of a CSV file, made from a template, over a few connections
//! to the server that `SMTP_URL` names. It writes what became of each to a report, and goes on from
//! it: run it again after an interruption, or for those who could not be reached.
//!
//! No recipient is sent to twice: the report says of each that it begins before it begins, and those
//! of which it does not say how they ended are not sent to again.
//!
//! Run it without a list: `cargo run --example bulk`. It then makes one, sends it to a server of its
//! own in two runs, and checks that the server holds each message once.

mod args;
mod demonstration;
mod mailing;
mod progress;
mod report;
mod template;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::iter;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::stream;
use smtp::Submission;
use smtp_pool::{Pool, Session, Settings};

use args::Options;
use mailing::Mailing;
use progress::Progress;
use report::{Report, Tally};
use template::Template;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match start().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bulk: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether each recipient has its message.
async fn start() -> Result<bool> {
    if std::env::args_os().len() == 1 {
        demonstration::run().await?;
        return Ok(true);
    }
    let Some(options) = Options::parse(lexopt::Parser::from_env())? else {
        print!("{}", args::HELP);
        return Ok(true);
    };
    let settings = Settings::new().connections(options.connections);
    let pool = Pool::with_settings(Submission::from_env()?, settings);
    // The first Ctrl-C ends the stream: the messages under way are finished.
    let stop = Arc::new(AtomicBool::new(false));
    tokio::spawn({
        let stop = Arc::clone(&stop);
        async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
    let tally = send(&options, &pool, &stop).await?;
    println!("{tally}");
    Ok(tally.is_complete())
}

/// Sends what the report does not have yet.
async fn send<C: Session>(options: &Options, pool: &Pool<C>, stop: &AtomicBool) -> Result<Tally> {
    let template = Template::read(&options.template)?;
    let report = Report::open(&options.report)?;
    let due = mailing::count(&options.recipients, |address| report.is_due(address))?;
    // A wrong password shows before the first recipient is noted.
    if due > 0 {
        pool.check().await?;
    }
    let (report, failed) = (RefCell::new(report), RefCell::new(None));
    let mut mailing = Mailing::new(options, template, &report, &failed)?;
    let mut progress = Progress::new(due.min(options.at_most));
    // A message that is taken from the list is noted, and then has to be sent.
    let next = || if stop.load(Ordering::Relaxed) { None } else { mailing.next() };
    let messages = iter::from_fn(next).take(options.at_most);
    pool.send_all(stream::iter(messages), |index, result| {
        if let Err(error) = report.borrow_mut().end(index, &result) {
            stop.store(true, Ordering::Relaxed);
            failed.borrow_mut().get_or_insert(error.into());
        }
        progress.show(report.borrow().ended());
    })
    .await;
    progress.close();
    if let Some(error) = failed.into_inner() {
        return Err(format!("stopped, and goes on from the report when run again: {error}").into());
    }
    let report = report.into_inner();
    let left = mailing::count(&options.recipients, |address| report.is_new(address))?;
    Ok(Tally { left, ..report.into_tally()? })
}
