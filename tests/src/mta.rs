//! A server that keeps mail and the rules of its protocol, and answers a whole flight at once.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// A server to be started.
#[derive(Clone, Copy, Debug)]
pub struct Mta {
    /// The EHLO keywords that it offers.
    pub offers: &'static [&'static str],
    /// Recipients that it takes in one transaction; it says 452 to the others.
    pub most_recipients: usize,
    /// Says 503 to every command that follows a message in the same flight.
    pub refuses_what_follows_a_message: bool,
    /// A sender or a recipient that it does not take, as a part of the path, and its reply.
    pub refuses: &'static [(&'static str, &'static str)],
}

/// The commands and messages that a server was sent.
#[derive(Debug, Default)]
pub struct Inbox {
    /// The recipients and the content of each message that it took.
    pub messages: Vec<(Vec<String>, String)>,
    /// Every command.
    pub commands: Vec<String>,
}

impl Mta {
    /// A server with these offers that takes everything.
    pub const fn offering(offers: &'static [&'static str]) -> Self {
        let most_recipients = usize::MAX;
        Self { offers, most_recipients, refuses_what_follows_a_message: false, refuses: &[] }
    }

    /// Serves one client, until it is gone.
    pub fn start(self) -> (DuplexStream, JoinHandle<Inbox>) {
        let (client, server) = tokio::io::duplex(16 << 20);
        (client, tokio::spawn(self.serve(server)))
    }

    async fn serve(self, mut stream: DuplexStream) -> Inbox {
        let mut session = Session { mta: self, ..Session::new() };
        let mut replies = b"220 mail.example.test\r\n".to_vec();
        let mut unread = Vec::new();
        let mut buffer = vec![0; 1 << 20];
        loop {
            if stream.write_all(&replies).await.is_err() {
                break;
            }
            replies.clear();
            // All that the client can send without a reply has come by then.
            sleep(Duration::from_millis(1)).await;
            match stream.read(&mut buffer).await {
                Ok(count) if count > 0 => unread.extend_from_slice(&buffer[..count]),
                _ => break,
            }
            session.after_message = false;
            while session.step(&mut unread, &mut replies) {}
        }
        session.inbox
    }
}

/// A session under way.
struct Session {
    mta: Mta,
    inbox: Inbox,
    sender: bool,
    recipients: Vec<String>,
    content: Vec<u8>,
    reading: Reading,
    after_message: bool,
}

#[derive(Clone, Copy)]
enum Reading {
    Commands,
    Data,
    /// A chunk of so many bytes, whether it is the last, and whether it is refused.
    Chunk(usize, bool, bool),
}

impl Session {
    fn new() -> Self {
        Self {
            mta: Mta::offering(&[]),
            inbox: Inbox::default(),
            sender: false,
            recipients: Vec::new(),
            content: Vec::new(),
            reading: Reading::Commands,
            after_message: false,
        }
    }

    fn reset(&mut self) {
        self.sender = false;
        self.recipients.clear();
        self.content.clear();
    }

    /// Takes a command, a line of content or a chunk from what was read. False when there is none.
    fn step(&mut self, unread: &mut Vec<u8>, replies: &mut Vec<u8>) -> bool {
        if let Reading::Chunk(bytes, last, refused) = self.reading {
            if unread.len() < bytes {
                return false;
            }
            let chunk: Vec<u8> = unread.drain(..bytes).collect();
            self.reading = Reading::Commands;
            let reply = if refused { "503 wait\r\n".to_owned() } else { self.chunk(&chunk, last) };
            replies.extend(reply.as_bytes());
            return true;
        }
        let Some(end) = unread.windows(2).position(|pair| pair == b"\r\n") else {
            return false;
        };
        let line: Vec<u8> = unread.drain(..end + 2).collect();
        if matches!(self.reading, Reading::Data) {
            if line == b".\r\n" {
                self.reading = Reading::Commands;
                replies.extend(self.keep().as_bytes());
            } else {
                self.content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            }
            return true;
        }
        let line = String::from_utf8_lossy(&line[..end]).into_owned();
        let guarded = self.mta.refuses_what_follows_a_message && self.after_message;
        let reply = match (guarded, line.strip_prefix("BDAT ")) {
            (_, Some(arguments)) => {
                let bytes = arguments.split(' ').next().and_then(|bytes| bytes.parse().ok());
                let last = arguments.ends_with("LAST");
                // The bytes of a chunk are read also where it is refused (RFC 3030 §2).
                self.reading = Reading::Chunk(bytes.unwrap_or_default(), last, guarded);
                String::new()
            }
            (true, None) => "503 wait\r\n".to_owned(),
            (false, None) => self.command(&line),
        };
        self.inbox.commands.push(line);
        replies.extend(reply.as_bytes());
        true
    }

    fn keep(&mut self) -> String {
        let content = String::from_utf8_lossy(&self.content).into_owned();
        self.inbox.messages.push((self.recipients.clone(), content));
        self.reset();
        self.after_message = true;
        "250 taken\r\n".to_owned()
    }

    fn chunk(&mut self, chunk: &[u8], last: bool) -> String {
        if !self.recipients.is_empty() {
            self.content.extend_from_slice(chunk);
        }
        match (self.recipients.is_empty(), last) {
            (true, _) => "503 nobody\r\n".to_owned(),
            (false, false) => "250 chunk\r\n".to_owned(),
            (false, true) => self.keep(),
        }
    }

    fn command(&mut self, line: &str) -> String {
        let refused = self.mta.refuses.iter().find(|(part, _)| line.contains(part));
        let verb = line.split(' ').next().unwrap_or_default();
        let reply = match verb {
            "EHLO" => {
                let lines = self.mta.offers.iter().map(|offer| format!("250-{offer}\r\n"));
                return format!(
                    "250-mail.example.test\r\n{}250 HELP\r\n",
                    lines.collect::<String>()
                );
            }
            "MAIL" if self.sender => "503 nested",
            "MAIL" | "RCPT" if refused.is_some() => refused.map_or("", |(_, reply)| reply),
            "MAIL" => {
                self.sender = true;
                "250 sender"
            }
            "RCPT" if !self.sender => "503 no sender",
            "RCPT" if self.recipients.len() >= self.mta.most_recipients => "452 4.5.3 enough",
            "RCPT" => {
                self.recipients.push(line.trim_start_matches("RCPT TO:").to_owned());
                "250 recipient"
            }
            "DATA" if self.recipients.is_empty() => "503 nobody",
            "DATA" => {
                self.reading = Reading::Data;
                "354 go"
            }
            "RSET" => {
                self.reset();
                "250 reset"
            }
            "HELP" => "214 help",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        format!("{reply}\r\n")
    }
}
