//! Sends a mail and shows the dialogue, to a server of its own or to the one you name.

use std::error::Error;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use lexopt::prelude::*;
use smtp::testing::CaptureServer;
use smtp::{AnyConnection, Connection, Envelope, Event, Plain, Server, Submission, TlsConfig};

const USAGE: &str = "usage: readme [--host HOST --from ADDRESS --to ADDRESS... [--port PORT] \
    [--tls starttls|implicit|none] [--ca FILE] [--user NAME] [--file MAIL.eml]]; the password of \
    --user is asked for, or taken from SMTP_PASSWORD";
const MAIL: &str = "From: Me <me@example.com>\r\nTo: You <you@example.org>\r\n\
    Subject: Hello\r\n\r\nHello, and goodbye.\r\n";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let result = if std::env::args_os().len() > 1 {
        send_yours().await
    } else {
        send_ours().await
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("readme: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Sends a mail to a server that keeps it, and shows what it kept.
async fn send_ours() -> Result<(), Box<dyn Error>> {
    let server = CaptureServer::builder()
        .user("me", "pencil")
        .start()
        .await?;
    let options = Options {
        host: server.host().to_owned(),
        port: Some(server.port()),
        tls: "starttls".to_owned(),
        authority: Some(server.authority_pem().to_owned()),
        user: Some(("me".to_owned(), "pencil".to_owned())),
        from: "me@example.com".to_owned(),
        to: vec!["you@example.org".to_owned(), "her@example.net".to_owned()],
        mail: MAIL.into(),
    };
    deliver(options).await?;
    for mail in server.messages() {
        println!(
            "\nThe server has this mail, from {} to {}:",
            mail.from,
            mail.recipients.join(", ")
        );
        print!("{}", String::from_utf8_lossy(&mail.content));
    }
    Ok(())
}

async fn send_yours() -> Result<(), Box<dyn Error>> {
    deliver(Options::parse()?).await
}

async fn deliver(options: Options) -> Result<(), Box<dyn Error>> {
    let envelope = Envelope::new(&options.from, &options.to)?;
    let mut mail = connect(&options).await?;
    let receipt = mail.deliver(&envelope, options.mail).await?;
    mail.quit().await?;
    for (path, refusal) in receipt.refused() {
        eprintln!("readme: {path} does not get it: {refusal}");
    }
    println!(
        "Taken for {} of {}.",
        receipt.accepted().count(),
        receipt.recipients().len()
    );
    if receipt.is_complete() {
        Ok(())
    } else {
        Err("not everybody gets the mail".into())
    }
}

async fn connect(options: &Options) -> Result<AnyConnection, Box<dyn Error>> {
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
            let plain = Plain::new(user, password.as_str());
            submission.auth(plain).connect().await?.into()
        }
    })
}

/// Prints a line of the dialogue: ours blue, the server's green.
fn show(event: &Event<'_>) {
    let (colour, line) = match event {
        Event::Sent(line) => ("34", format!("C: {line}")),
        Event::Received(line) => ("32", format!("S: {line}")),
        Event::Content { octets } => ("34", format!("C: ({octets} octets of mail)")),
        _ => ("33", "-- inside TLS --".to_owned()),
    };
    if std::io::stdout().is_terminal() {
        println!("\x1b[{colour}m{line}\x1b[0m");
    } else {
        println!("{line}");
    }
}

#[derive(Default)]
struct Options {
    host: String,
    port: Option<u16>,
    tls: String,
    authority: Option<String>,
    user: Option<(String, String)>,
    from: String,
    to: Vec<String>,
    mail: Vec<u8>,
}

impl Options {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            tls: "starttls".to_owned(),
            mail: MAIL.into(),
            ..Self::default()
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("host") => options.host = arguments.value()?.string()?,
                Long("port") => options.port = Some(arguments.value()?.parse()?),
                Long("tls") => options.tls = arguments.value()?.string()?,
                Long("ca") => {
                    options.authority = Some(String::from_utf8(read(arguments.value()?)?)?)
                }
                Long("user") => options.user = Some((arguments.value()?.string()?, String::new())),
                Long("from") => options.from = arguments.value()?.string()?,
                Long("to") => options.to.push(arguments.value()?.string()?),
                Long("file") => options.mail = read(arguments.value()?)?,
                other => return Err(format!("{}; {USAGE}", other.unexpected()).into()),
            }
        }
        if options.host.is_empty() || options.from.is_empty() || options.to.is_empty() {
            return Err(format!("--host, --from and --to are needed; {USAGE}").into());
        }
        match (options.tls.as_str(), &mut options.user) {
            ("none", Some(_)) => return Err("a password needs TLS: remove --tls none".into()),
            ("none" | "starttls" | "implicit", None) => {}
            ("starttls" | "implicit", Some((user, password))) => {
                *password = std::env::var("SMTP_PASSWORD")
                    .or_else(|_| rpassword::prompt_password(format!("Password of {user}: ")))?;
            }
            (other, _) => {
                return Err(format!("--tls is starttls, implicit or none, not {other}").into());
            }
        }
        Ok(options)
    }
}

fn read(path: std::ffi::OsString) -> Result<Vec<u8>, Box<dyn Error>> {
    std::fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()).into())
}
