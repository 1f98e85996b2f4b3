//! A load generator: sends many messages to a server of its own or to a given one, and reports how
//! long that took. `--help` lists its options.

mod args;
mod message;
mod progress;
mod report;
mod round_trips;
mod send;
mod session;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::process::ExitCode;

use args::{Options, Security};
use report::Report;
use smtp::testing::CaptureServer;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Options::parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => load(options).await,
        Ok(None) => {
            print!("{}", args::HELP);
            Ok(())
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &result {
        eprintln!("load: {error}");
    }
    ExitCode::from(u8::from(result.is_err()))
}

async fn load(mut options: Options) -> Result<()> {
    options.ask_password()?;
    let json = options.json;
    let report = run(options).await?;
    if json {
        println!("{}", report.json());
    } else {
        println!("{report}");
    }
    report.verdict()
}

/// Sends what the options say, to a server of its own if they name none.
async fn run(mut options: Options) -> Result<Report> {
    let _own = match &options.address {
        Some(_) => None,
        None => Some(own_server(&mut options).await?),
    };
    let job = message::job(&options)?;
    let sessions = session::open_all(&options).await?;
    let bar = progress::Bar::start(&job);
    let sent = send::all(&job, sessions).await;
    bar.end();
    Ok(Report::new(&options, &job, sent?))
}

/// A server that is as the options want it, and keeps all that it gets.
async fn own_server(options: &mut Options) -> Result<CaptureServer> {
    let mut builder = CaptureServer::builder().size_limit(usize::MAX);
    builder = match options.security {
        Security::StartTls => builder.starttls(),
        Security::Implicit => builder.implicit_tls(),
        Security::None => builder.plaintext(),
    };
    if let Some((user, password)) = &options.user {
        builder = builder.user(user, password).require_auth();
    }
    let server = builder.start().await?;
    options.address = Some((server.host().to_owned(), server.port()));
    options.authority = Some(server.authority_pem().into());
    Ok(server)
}
