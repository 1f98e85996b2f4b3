//! The server of a stand-in, in memory.

use std::future::pending;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smtp::Server;
use smtp::transport::{Connect, Connected, Target};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};

use super::answer::{End, Reaction};
use super::mail::Mail;

const HOST: &str = "outbox.test";
/// The extensions that it offers: all that a message may ask for and a server can do that delivers
/// nothing.
const EXTENSIONS: &str = "250-outbox.test\r\n250-AUTH PLAIN\r\n250-SIZE\r\n250-8BITMIME\r\n\
    250-BINARYMIME\r\n250-CHUNKING\r\n250-SMTPUTF8\r\n250-DSN\r\n250-DELIVERBY\r\n\
    250-FUTURERELEASE 31536000 9999-12-31T23:59:59Z\r\n250-MT-PRIORITY\r\n250-RRVS\r\n\
    250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n";
/// How much of a message is on its way at most.
const WINDOW: usize = 64 * 1024;

#[derive(Clone, Debug)]
pub(super) struct MemoryServer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    directory: Option<PathBuf>,
    reaction: Reaction,
    login: String,
    mails: Vec<Mail>,
}

impl MemoryServer {
    pub(super) fn new(directory: Option<PathBuf>) -> Self {
        Self(Arc::new(Mutex::new(State { directory, ..State::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How to reach it.
    pub(super) fn address(&self) -> Server {
        Server::new(HOST, 25).connector(self.clone())
    }

    /// A server that does not listen.
    pub(super) fn unreachable() -> Server {
        Server::new(HOST, 25).connector(Unreachable)
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.lock().mails.clone()
    }

    /// How the next message is treated.
    pub(super) fn react(&self, reaction: Reaction) {
        self.lock().reaction = reaction;
    }

    /// How the next login is refused.
    pub(super) fn refuse_login(&self, reply: String) {
        self.lock().login = reply;
    }

    /// Keeps a message. Gives the reply.
    fn take(&self, mail: Mail) -> String {
        let mut state = self.lock();
        let number = u32::try_from(state.mails.len()).unwrap_or(u32::MAX).saturating_add(1);
        let written = match &state.directory {
            Some(directory) => mail.write(directory, number),
            None => Ok(number),
        };
        match written {
            Ok(number) => {
                state.mails.push(mail);
                format!("250 2.0.0 queued as {number:04}")
            }
            Err(error) => format!("451 4.3.0 the message cannot be written: {error}"),
        }
    }
}

impl Connect for MemoryServer {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async {
            let (client, server) = tokio::io::duplex(WINDOW);
            let session = Session { server: self.clone(), transaction: None };
            tokio::spawn(session.run(BufReader::new(server)));
            Ok(Connected::new(client))
        })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Unreachable;

impl Connect for Unreachable {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

struct Session {
    server: MemoryServer,
    transaction: Option<Transaction>,
}

#[derive(Default)]
struct Transaction {
    mail: Mail,
    content: Vec<u8>,
    reaction: Reaction,
}

type Stream = BufReader<DuplexStream>;

impl Session {
    /// Runs until the client leaves, or the script ends the connection.
    async fn run(mut self, mut stream: Stream) {
        // A client that has gone needs no answer.
        let _ = self.serve(&mut stream).await;
    }

    async fn serve(&mut self, stream: &mut Stream) -> io::Result<()> {
        stream.write_all(b"220 outbox.test ESMTP\r\n").await?;
        loop {
            let mut line = Vec::new();
            if stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end();
            let verb = line.split(' ').next().unwrap_or_default();
            let reply = match verb {
                "EHLO" => EXTENSIONS.trim_end().into(),
                "AUTH" => self.server.lock().login.clone(),
                "MAIL" => self.mail(line),
                "RCPT" => self.rcpt(line),
                "DATA" | "BDAT" => match self.content(stream, line).await? {
                    Some(reply) => reply,
                    None => return Ok(()),
                },
                "RSET" => {
                    self.transaction = None;
                    "250 2.0.0 ok".into()
                }
                "NOOP" => "250 2.0.0 ok".into(),
                "QUIT" => "221 2.0.0 bye".into(),
                _ => "502 5.5.1 not by this server".into(),
            };
            stream.write_all(reply.as_bytes()).await?;
            stream.write_all(b"\r\n").await?;
            if verb == "QUIT" {
                return Ok(());
            }
        }
    }

    fn mail(&mut self, line: &str) -> String {
        let reaction = self.server.lock().reaction.clone();
        if let Some(reply) = reaction.mail {
            return reply;
        }
        let mail = Mail { sender: path(line), commands: vec![line.into()], ..Mail::default() };
        self.transaction = Some(Transaction { mail, reaction, ..Transaction::default() });
        "250 2.1.0 ok".into()
    }

    fn rcpt(&mut self, line: &str) -> String {
        let Some(Transaction { mail, reaction, .. }) = &mut self.transaction else {
            return "503 5.5.1 MAIL first".into();
        };
        let path = path(line);
        let refused =
            reaction.recipients.iter().find(|(address, _)| address.eq_ignore_ascii_case(&path));
        if let Some((_, reply)) = refused {
            return reply.clone();
        }
        mail.recipients.push(path);
        mail.commands.push(line.into());
        "250 2.1.5 ok".into()
    }

    /// Reads content. None when the script ends the connection.
    async fn content(&mut self, stream: &mut Stream, line: &str) -> io::Result<Option<String>> {
        let mut words = line.split(' ').skip(1);
        let chunk = words.next().map(|bytes| bytes.parse::<usize>().unwrap_or(0));
        let transaction = self.transaction.take();
        let Some(mut transaction) = transaction.filter(|it| !it.mail.recipients.is_empty()) else {
            // The bytes of a chunk come in any case (RFC 3030 §2).
            stream.read_exact(&mut vec![0; chunk.unwrap_or(0)]).await?;
            return Ok(Some("503 5.5.1 no recipient was accepted".into()));
        };
        let lost = matches!(transaction.reaction.end, End::Lost);
        match chunk {
            None => {
                stream.write_all(b"354 go on\r\n").await?;
                if lost {
                    return Ok(None);
                }
                read_dotted(stream, &mut transaction.content).await?;
            }
            Some(_) if lost => return Ok(None),
            Some(bytes) => {
                let begin = transaction.content.len();
                transaction.content.resize(begin + bytes, 0);
                stream.read_exact(&mut transaction.content[begin..]).await?;
                if words.next().is_none() {
                    self.transaction = Some(transaction);
                    return Ok(Some("250 2.0.0 go on".into()));
                }
            }
        }
        let Transaction { mut mail, content, reaction } = transaction;
        mail.content = content.into();
        match reaction.end {
            End::Taken => Ok(Some(self.server.take(mail))),
            End::Refused(reply) => Ok(Some(reply)),
            End::Lost | End::Unknown => Ok(None),
            End::Silent => pending().await,
        }
    }
}

/// Reads a message to its final dot, without the dots that DATA adds (RFC 5321 §4.5.2).
async fn read_dotted(stream: &mut Stream, content: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let begin = content.len();
        if stream.read_until(b'\n', content).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if &content[begin..] == b".\r\n" {
            content.truncate(begin);
            return Ok(());
        }
        if content[begin..].starts_with(b".") {
            content.remove(begin);
        }
    }
}

/// The path of MAIL or RCPT, without its angle brackets.
fn path(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    let (mut quoted, mut escaped) = (false, false);
    let end = after.find(|character| {
        let ends = character == '>' && !quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        ends
    });
    after[..end.unwrap_or(after.len())].into()
}
