//! Sends a mail and shows the dialogue: to a server of its own, or to the one that you name.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use lexopt::prelude::*;
use smtp::connection::AnyConnection;
use smtp::testing::CaptureServer;
use smtp::{Connection, Envelope, Plain, Server, Submission, TlsConfig, trace::Event};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: readme [--host HOST --from ADDRESS --to ADDRESS... [--port PORT] \
    [--tls starttls|implicit|none] [--ca FILE] [--user NAME] [--file MAIL.eml]]";
const MAIL: &str = "From: Me <me@example.com>\r\nTo: You <you@example.org>\r\n\
    Subject: Hello\r\n\r\nHello, and goodbye.\r\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = match std::env::args_os().len() {
        1 => send_to_ours().await,
        _ => send_to_yours().await,
    };
    if let Err(error) = &result {
        eprintln!("readme: {error}");
    }
    ExitCode::from(u8::from(result.is_err()))
}

async fn deliver(options: Options) -> Result<()> {
    let envelope = Envelope::new(&options.from, &options.to)?;
    let mut mail = connect(&options).await?;
    let receipt = mail.deliver(&envelope, options.mail).await?;
    mail.quit().await?;
    let refused: Vec<String> = receipt.refused().map(|(to, why)| format!("{to}: {why}")).collect();
    println!("Taken for {} of {}.", receipt.accepted().count(), options.to.len());
    if receipt.is_complete() { Ok(()) } else { Err(refused.join("; ").into()) }
}

async fn connect(options: &Options) -> Result<AnyConnection> {
    if options.tls == "none" {
        let server = Server::new(&options.host, options.port.unwrap_or(25)).observer(show);
        return Ok(Connection::connect(&server).await?.into());
    }
    let mut submission = Submission::new(&options.host).observer(show);
    if options.tls == "implicit" {
        submission = submission.implicit_tls();
    }
    if let Some(port) = options.port {
        submission = submission.port(port);
    }
    if let Some(authority) = &options.authority {
        submission = submission.tls(TlsConfig::builder().root_pem(authority).build()?);
    }
    Ok(match &options.user {
        None => submission.connect().await?.into(),
        Some((user, password)) => {
            let credentials = Plain::new(user, password.as_str());
            submission.auth(credentials).connect().await?.into()
        }
    })
}

/// Prints what happens: the client in blue, the server in green.
fn show(event: &Event<'_>) {
    let (colour, line) = match event {
        Event::Sent(line) => (34, format!("C: {line}")),
        Event::Received(line) => (32, format!("S: {line}")),
        Event::Content { bytes } => (34, format!("C: ({bytes} bytes of mail)")),
        _ => (33, "-- inside TLS --".to_owned()),
    };
    let colours = std::io::stdout().is_terminal();
    println!("{}", if colours { format!("\x1b[{colour}m{line}\x1b[0m") } else { line });
}

/// Sends to a server that keeps the mail, and shows what it kept.
async fn send_to_ours() -> Result<()> {
    let server = CaptureServer::builder().user("me", "pencil").start().await?;
    let options = Options {
        host: server.host().to_owned(),
        port: Some(server.port()),
        tls: "starttls".to_owned(),
        authority: Some(server.authority_pem().into()),
        user: Some(("me".to_owned(), "pencil".to_owned())),
        from: "me@example.com".to_owned(),
        to: vec!["you@example.org".to_owned(), "her@example.net".to_owned()],
        mail: MAIL.into(),
    };
    deliver(options).await?;
    for mail in server.messages() {
        println!("\nThe server keeps, from {} to {}:", mail.from, mail.recipients.join(", "));
        print!("{}", String::from_utf8_lossy(&mail.content));
    }
    Ok(())
}

#[derive(Default)]
struct Options {
    host: String,
    port: Option<u16>,
    tls: String,
    authority: Option<Vec<u8>>,
    user: Option<(String, String)>,
    from: String,
    to: Vec<String>,
    mail: Vec<u8>,
}

async fn send_to_yours() -> Result<()> {
    let tls = "starttls".to_owned();
    let mut options = Options { tls, mail: MAIL.into(), ..Options::default() };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("host") => options.host = arguments.value()?.string()?,
            Long("port") => options.port = Some(number(&arguments.value()?.string()?)?),
            Long("tls") => options.tls = arguments.value()?.string()?,
            Long("ca") => options.authority = Some(read(&arguments.value()?.string()?)?),
            Long("user") => options.user = Some((arguments.value()?.string()?, String::new())),
            Long("from") => options.from = arguments.value()?.string()?,
            Long("to") => options.to.push(arguments.value()?.string()?),
            Long("file") => options.mail = read(&arguments.value()?.string()?)?,
            other => return Err(format!("{}; {USAGE}", other.unexpected()).into()),
        }
    }
    if options.host.is_empty() || options.from.is_empty() || options.to.is_empty() {
        return Err(format!("--host, --from and --to are needed; {USAGE}").into());
    }
    if !["starttls", "implicit", "none"].contains(&options.tls.as_str()) {
        return Err(format!("--tls is starttls, implicit or none, not {:?}", options.tls).into());
    }
    if options.tls == "none" && options.user.is_some() {
        return Err("a password needs TLS: leave --tls none or --user out".into());
    }
    if let Some((user, password)) = &mut options.user {
        let prompt = format!("Password of {user} (or set SMTP_PASSWORD): ");
        *password = std::env::var("SMTP_PASSWORD")
            .or_else(|_| rpassword::prompt_password(prompt))
            .map_err(|_| "there is no terminal to ask for a password: set SMTP_PASSWORD")?;
    }
    deliver(options).await
}

fn read(path: &str) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}").into())
}

fn number(port: &str) -> Result<u16> {
    port.parse().map_err(|_| format!("--port is a number up to 65535, not {port:?}").into())
}
