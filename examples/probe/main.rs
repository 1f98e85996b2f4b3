//! A probe: says in one screen what a mail server is, and in its first line what is wrong with it,
//! if anything. `--help` lists its options.
//!
//! Without a host it starts a server of its own on the loopback interface and looks at that.

mod args;
mod json;
mod look;
mod network;
mod report;
#[cfg(test)]
mod tests;
mod timeline;
mod uses;
mod verdict;

use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;

use args::{Mode, Options};
use network::Network;
use report::Report;
use smtp::testing::CaptureServer;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(lexopt::Parser::from_env()) {
        Ok(Some(options)) => options,
        Ok(None) => {
            print!("{}", args::HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => return cannot_begin(&*error),
    };
    match run(options).await {
        Ok(is_fine) => ExitCode::from(u8::from(!is_fine)),
        Err(error) => cannot_begin(&*error),
    }
}

fn cannot_begin(error: &dyn Error) -> ExitCode {
    eprintln!("probe: {error}");
    ExitCode::from(2)
}

/// Whether nothing is wrong.
async fn run(mut options: Options) -> Result<bool> {
    let _own = match options.host {
        Some(_) => None,
        None => Some(own_server(&mut options).await?),
    };
    let report = probe(&options, Network::of_system(&options)).await?;
    let text = if options.json { format!("{}\n", json::of(&report)) } else { report.to_string() };
    // A reader that has seen enough of it, such as `head`, is no error.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(report.is_fine())
}

/// Looks at the server over this network.
async fn probe(options: &Options, network: Network) -> Result<Report> {
    let look = look::look(options, &network).await?;
    Ok(Report::new(options, look))
}

/// A server that is as the options want it, with a user.
async fn own_server(options: &mut Options) -> Result<CaptureServer> {
    let builder = CaptureServer::builder();
    let builder = match options.mode {
        Mode::StartTls => builder.starttls(),
        Mode::Implicit => builder.implicit_tls(),
        Mode::Plain => builder.plaintext(),
    };
    let server = builder.user("me", "pencil").start().await?;
    if options.mode != Mode::Plain {
        options.user = Some(("me".to_owned(), "pencil".into()));
    }
    // It listens at this address alone, and `localhost` may have another.
    options.host = Some(server.address().ip().to_string());
    options.name = Some(server.host().to_owned());
    options.port = server.port();
    options.root = Some(server.authority_pem().into());
    Ok(server)
}
