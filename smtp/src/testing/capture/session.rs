//! The session of the capture server with one client.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::auth::authenticate;
use super::builder::{Security, Settings};
use super::commands::Command;
use super::message::Captured;
use super::transport::{BadLine, Transport};

/// The longest command line: 512 bytes, and what the offered extensions add.
const LINE: usize = 512 + 26 + 17 + 10 + 500 + 507;

pub(super) async fn serve(
    stream: TcpStream,
    settings: Arc<Settings>,
    messages: Arc<watch::Sender<Vec<Captured>>>,
) -> io::Result<()> {
    let mut transport = Transport::new(stream);
    if settings.security == Security::Implicit {
        transport = transport.secure(&settings.certificate).await?;
    }
    transport.reply("220 capture.example.test ESMTP");
    let mut session = Session {
        transport,
        settings,
        messages,
        client_name: None,
        user: None,
        mail: None,
        recipients: Vec::new(),
        chunks: None,
    };
    while let Some(line) = session.transport.line(LINE).await? {
        let line = match line {
            Ok(line) => line,
            Err(BadLine::TooLong) => {
                session.transport.reply("500 5.5.2 line too long");
                continue;
            }
            Err(BadLine::BareLineFeed) => {
                session.transport.reply("500 5.5.2 lines end with CRLF");
                continue;
            }
        };
        let command = Command::parse(&String::from_utf8_lossy(&line));
        if command == Command::StartTls && session.may_start_tls() {
            session.transport.reply("220 2.0.0 ready to start TLS");
            session.transport.flush().await?;
            session.transport = session.transport.secure(&session.settings.certificate).await?;
            session.client_name = None;
            continue;
        }
        let end = command == Command::Quit;
        session.handle(command).await?;
        if end {
            break;
        }
    }
    session.transport.flush().await
}

struct Session {
    transport: Transport,
    settings: Arc<Settings>,
    messages: Arc<watch::Sender<Vec<Captured>>>,
    client_name: Option<String>,
    user: Option<String>,
    /// The path and parameters of MAIL, inside a transaction.
    mail: Option<(String, Vec<String>)>,
    recipients: Vec<(String, Vec<String>)>,
    /// The content of the BDAT chunks that have come so far.
    chunks: Option<Vec<u8>>,
}

impl Session {
    /// Bytes after STARTTLS were not sent by the client that will be inside TLS.
    fn may_start_tls(&self) -> bool {
        self.settings.security == Security::StartTls
            && !self.transport.is_tls()
            && self.transport.is_drained()
            && self.mail.is_none()
    }

    async fn handle(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::Hello { lmtp, .. } if lmtp != self.settings.lmtp => {
                self.say("500 5.5.1 command not recognized");
            }
            Command::Hello { extended, name, .. } => self.hello(extended, name),
            Command::StartTls => self.say("503 5.5.1 not now"),
            Command::Auth { mechanism, initial } => return self.auth(&mechanism, initial).await,
            Command::Mail { path, parameters } => self.mail(path, parameters),
            Command::Rcpt { path, parameters } => self.rcpt(path, parameters),
            Command::Data => return self.data().await,
            Command::Bdat { bytes, last } => return self.bdat(bytes, last).await,
            Command::Rset => {
                self.reset();
                self.say("250 2.0.0 Ok");
            }
            Command::Noop => self.say("250 2.0.0 Ok"),
            Command::Quit => self.say("221 2.0.0 Bye"),
            Command::Vrfy => self.say("252 2.0.0 send some mail, I'll try my best"),
            Command::Help => self.say("214 2.0.0 see RFC 5321"),
            Command::Unknown => self.say("500 5.5.2 command not recognized"),
            Command::Malformed => self.say("501 5.5.4 syntax error in arguments"),
        }
        Ok(())
    }

    fn hello(&mut self, extended: bool, name: String) {
        self.reset();
        self.client_name = Some(name);
        if !extended {
            return self.say("250 capture.example.test");
        }
        let mut keywords = vec![
            "PIPELINING".to_owned(),
            format!("SIZE {}", self.settings.size_limit),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            "CHUNKING".to_owned(),
            "DSN".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
        ];
        let tls = self.transport.is_tls();
        if self.settings.security == Security::StartTls && !tls {
            keywords.push("STARTTLS".to_owned());
        }
        if !self.settings.users.is_empty() && self.may_auth() {
            keywords.push("AUTH PLAIN LOGIN".to_owned());
        }
        keywords.retain(|keyword| {
            let word = keyword.split(' ').next().unwrap_or_default();
            !self.settings.hidden.iter().any(|hidden| hidden == word)
        });
        let mut lines = vec!["capture.example.test".to_owned()];
        lines.append(&mut keywords);
        for (index, line) in lines.iter().enumerate() {
            let separator = if index + 1 == lines.len() { ' ' } else { '-' };
            self.say(&format!("250{separator}{line}"));
        }
    }

    fn may_auth(&self) -> bool {
        self.transport.is_tls() || self.settings.security == Security::Clear
    }

    async fn auth(&mut self, mechanism: &str, initial: Option<String>) -> io::Result<()> {
        if self.user.is_some() || self.mail.is_some() || self.client_name.is_none() {
            self.say("503 5.5.1 not now");
            return Ok(());
        }
        if !self.may_auth() {
            self.say("538 5.7.11 encryption required");
            return Ok(());
        }
        let users = &self.settings.users;
        let answer = authenticate(&mut self.transport, users, mechanism, initial).await?;
        match answer {
            Ok(user) => {
                self.user = Some(user);
                self.say("235 2.7.0 authentication successful");
            }
            Err(reply) => self.say(reply),
        }
        Ok(())
    }

    fn mail(&mut self, path: String, parameters: Vec<String>) {
        let declared = |parameter: &String| {
            let (keyword, value) = parameter.split_once('=')?;
            keyword.eq_ignore_ascii_case("SIZE").then(|| value.parse().ok())?
        };
        let size: Option<usize> = parameters.iter().find_map(declared);
        if self.client_name.is_none() || self.mail.is_some() {
            self.say("503 5.5.1 not now");
        } else if self.settings.require_auth && self.user.is_none() {
            self.say("530 5.7.0 authentication required");
        } else if size.is_some_and(|size| size > self.settings.size_limit) {
            self.say("552 5.3.4 message too big");
        } else {
            self.mail = Some((path, parameters));
            self.say("250 2.1.0 Ok");
        }
    }

    fn rcpt(&mut self, path: String, parameters: Vec<String>) {
        if self.mail.is_none() || self.chunks.is_some() {
            self.say("503 5.5.1 not now");
        } else if let Some(reply) = self.settings.refused.get(&path).cloned() {
            self.say(&reply);
        } else {
            self.recipients.push((path, parameters));
            self.say("250 2.1.5 Ok");
        }
    }

    async fn data(&mut self) -> io::Result<()> {
        if self.recipients.is_empty() || self.chunks.is_some() {
            self.say("503 5.5.1 no valid recipients");
            return Ok(());
        }
        self.say("354 end data with <CR><LF>.<CR><LF>");
        let mut content = Vec::new();
        loop {
            let Some(line) = self.transport.line(usize::MAX).await? else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            // A line that ends with LF alone is no line: this server is a strict one.
            let Ok(line) = line else {
                self.say("550 5.6.0 message holds a bare LF");
                return Err(io::ErrorKind::InvalidData.into());
            };
            if line == b"." {
                break;
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            content.extend_from_slice(b"\r\n");
        }
        self.take(content);
        Ok(())
    }

    async fn bdat(&mut self, bytes: usize, last: bool) -> io::Result<()> {
        let Some(chunk) = self.transport.bytes(bytes).await? else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        if self.recipients.is_empty() {
            self.say("503 5.5.1 no valid recipients");
            return Ok(());
        }
        let mut chunks = self.chunks.take().unwrap_or_default();
        chunks.extend_from_slice(&chunk);
        if last {
            self.take(chunks);
        } else {
            self.chunks = Some(chunks);
            self.say("250 2.0.0 Ok");
        }
        Ok(())
    }

    fn take(&mut self, content: Vec<u8>) {
        if content.len() > self.settings.size_limit {
            let replies = if self.settings.lmtp { self.recipients.len() } else { 1 };
            self.reset();
            for _ in 0..replies {
                self.say("552 5.3.4 message too big");
            }
            return;
        }
        let settings = Arc::clone(&self.settings);
        let refused = |path: &String| settings.full.get(path).filter(|_| settings.lmtp);
        let replies: Vec<_> = self.recipients.iter().map(|(path, _)| refused(path)).collect();
        self.recipients.retain(|(path, _)| refused(path).is_none());
        let queue_id = if self.recipients.is_empty() { String::new() } else { self.keep(content) };
        self.reset();
        let taken = format!("250 2.0.0 Ok: queued as {queue_id}");
        // Over LMTP each recipient has a reply (RFC 2033 §4.2).
        let each = if settings.lmtp { &replies[..] } else { &[None] };
        for refusal in each {
            self.say(refusal.map_or(&taken, String::as_str));
        }
    }

    /// Keeps a message, and gives it a name.
    fn keep(&mut self, content: Vec<u8>) -> String {
        let (from, mail_parameters) = self.mail.take().unwrap_or_default();
        let (recipients, rcpt_parameters) =
            std::mem::take(&mut self.recipients).into_iter().unzip();
        let mut queue_id = String::new();
        self.messages.send_modify(|messages| {
            queue_id = format!("C{:07X}", messages.len() + 1);
            messages.push(Captured {
                from,
                recipients,
                mail_parameters,
                rcpt_parameters,
                content: Bytes::from(content),
                user: self.user.clone(),
                tls: self.transport.is_tls(),
                client_name: self.client_name.clone().unwrap_or_default(),
                queue_id: queue_id.clone(),
            });
        });
        queue_id
    }

    fn reset(&mut self) {
        self.mail = None;
        self.recipients.clear();
        self.chunks = None;
    }

    fn say(&mut self, reply: &str) {
        self.transport.reply(reply);
    }
}
