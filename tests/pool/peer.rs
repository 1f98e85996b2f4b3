//! A server that counts: connections, logins, and how often it took each message.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use smtp::state::{Authed, Greeted};
use smtp::transport::{Connect, Connected, Target};
use smtp::{Connection, Envelope, Error, Plain, Server};
use smtp_pool::Pool;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// The behaviour of the server.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// The password that it takes; it offers no AUTH without one.
    pub(super) password: Option<&'static str>,
    /// How long it takes over each connection before it greets.
    pub(super) greets_after: Duration,
    /// How long it takes over each command.
    pub(super) answers_after: Duration,
    /// How long it takes over each message.
    pub(super) takes: Duration,
    /// It answers so many MAIL in a session, and the next with this reply. It closes after 421.
    pub(super) at_most: Option<(usize, &'static str)>,
    /// It never answers this command; `.` is the final dot.
    pub(super) hangs_at: Option<&'static str>,
    /// It has no more connections at once, and greets others with 421.
    pub(super) most_connections: Option<usize>,
    /// It closes each connection after EHLO.
    pub(super) leaves: bool,
    /// Its reply to NOOP, if not 250. It closes after 421.
    pub(super) noop: Option<&'static str>,
    /// One more keyword that it lists.
    pub(super) offers: &'static str,
    /// It lists `LIMITS MAILMAX=`.
    pub(super) mail_max: Option<usize>,
}

impl Plan {
    async fn think(&self) {
        // A sleep of no time would last for a millisecond.
        if !self.answers_after.is_zero() {
            sleep(self.answers_after).await;
        }
    }

    /// The answer to EHLO.
    fn ehlo(&self) -> String {
        let auth = self.password.map_or("", |_| "250-AUTH PLAIN\r\n");
        let limits = self.mail_max.map(|most| format!("250-LIMITS MAILMAX={most}\r\n"));
        let limits = limits.unwrap_or_default();
        let more = self.offers.lines().map(|keyword| format!("250-{keyword}\r\n"));
        let more: String = more.collect();
        format!(
            "250-peer.test\r\n{auth}{limits}{more}250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n"
        )
    }
}

/// The sights of the server: connections, logins, messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Connections in all, and how many are open now, and were at once.
    pub(super) connections: usize,
    pub(super) open: usize,
    pub(super) most_open: usize,
    pub(super) logins: usize,
    /// How often it has said that it takes no more messages in a session.
    pub(super) refused_mails: usize,
    /// Each MAIL, as it came.
    pub(super) mails: Vec<String>,
    pub(super) quits: usize,
    /// Sessions that ended without QUIT.
    pub(super) cut: usize,
    /// How often it took each message, by its first line.
    pub(super) taken: HashMap<String, usize>,
    /// How often it took each message for each recipient.
    pub(super) delivered: HashMap<(String, String), usize>,
    /// The recipients that each transaction has named.
    pub(super) named: Vec<Vec<String>>,
    /// Messages of each session, in the order in which sessions ended.
    pub(super) sessions: Vec<usize>,
}

impl Counts {
    fn note(&mut self, verb: &str, line: &str, in_transaction: bool) {
        match verb {
            "MAIL" => self.mails.push(line.to_owned()),
            "RCPT" if in_transaction => {
                self.named.last_mut().expect("a transaction").push(recipient(line));
            }
            _ => {}
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Peer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    plan: Mutex<Plan>,
    counts: Mutex<Counts>,
    /// Counts up to end all sessions that wait for a command.
    ends: watch::Sender<(usize, &'static str)>,
    /// Results of the next attempts to connect.
    refusals: Mutex<VecDeque<io::ErrorKind>>,
    /// The next replies to commands, by how their lines begin. An empty one ends the session.
    script: Mutex<HashMap<&'static str, VecDeque<&'static str>>>,
}

impl Peer {
    pub(super) fn new(plan: Plan) -> Self {
        let ends = watch::Sender::new((0, ""));
        let (plan, counts, refusals) = (Mutex::new(plan), Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { plan, counts, ends, refusals, script: Mutex::default() }))
    }

    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.plan.lock().unwrap()
    }

    pub(super) fn counts(&self) -> Counts {
        self.0.counts.lock().unwrap().clone()
    }

    /// Looks at the counts without a copy of them.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Counts) -> T) -> T {
        look(&self.0.counts.lock().unwrap())
    }

    /// Whether it has more connections than it takes.
    fn is_full(&self) -> bool {
        let most = self.plan().most_connections.unwrap_or(usize::MAX);
        most < self.look(|counts| counts.open)
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.0.counts.lock().unwrap());
    }

    /// Answers the next commands whose lines begin so with these replies, without their CRLF, one
    /// after the other. An empty one ends the session. `.` stands for the end of a message, which
    /// is taken where the reply is 250, or where the session ends.
    pub(super) fn script(&self, command: &'static str, replies: &[&'static str]) {
        let mut script = self.0.script.lock().unwrap();
        script.entry(command).or_default().extend(replies);
    }

    fn scripted(&self, line: &str) -> Option<&'static str> {
        let mut script = self.0.script.lock().unwrap();
        let replies = script.iter_mut().find(|(begin, _)| line.starts_with(**begin));
        replies.and_then(|(_, replies)| replies.pop_front())
    }

    /// Ends every session that waits for a command, after this line.
    pub(super) fn end_all(&self, line: &'static str) {
        self.0.ends.send_modify(|(count, last)| (*count, *last) = (*count + 1, line));
    }

    /// The next attempts to connect fail.
    pub(super) fn refuse_connections(&self, number: usize) {
        self.fail_connections(number, io::ErrorKind::ConnectionRefused);
    }

    /// The next attempts to connect fail so.
    pub(super) fn fail_connections(&self, number: usize, kind: io::ErrorKind) {
        self.0.refusals.lock().unwrap().extend(std::iter::repeat_n(kind, number));
    }

    /// A server in clear, at this host.
    pub(super) fn server(&self, host: &str) -> Server {
        Server::new(host, 25).connector(self.clone())
    }

    /// Opens sessions that log in with this password.
    pub(super) fn logged_in(
        &self,
        password: &'static str,
    ) -> impl Fn() -> Pin<Box<dyn Future<Output = Result<Connection<Authed>, Error>> + Send>>
    + Send
    + Sync
    + 'static {
        let server = self.server("mail.test.example");
        move || {
            let server = server.clone();
            Box::pin(async move {
                let connection: Connection<Greeted> = Connection::connect(&server).await?;
                let mut mechanism = Plain::new("me", password);
                Ok(connection.dangerous().authenticate(&mut mechanism).await?)
            })
        }
    }

    async fn serve(self, stream: DuplexStream) {
        self.count(|counts| {
            counts.connections += 1;
            counts.open += 1;
            counts.most_open = counts.most_open.max(counts.open);
        });
        let mut session = Session {
            peer: self.clone(),
            mails: 0,
            in_transaction: false,
            accepted: Vec::new(),
            taken: 0,
            quit: false,
        };
        let _ = session.run(stream).await;
        self.count(|counts| {
            counts.open -= 1;
            counts.quits += usize::from(session.quit);
            counts.cut += usize::from(!session.quit);
            counts.sessions.push(session.taken);
        });
    }
}

impl Connect for Peer {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async move {
            if let Some(kind) = self.0.refusals.lock().unwrap().pop_front() {
                return Err(kind.into());
            }
            let (client, server) = tokio::io::duplex(1 << 16);
            tokio::spawn(self.clone().serve(server));
            Ok(Connected::new(client))
        })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

struct Session {
    peer: Peer,
    mails: usize,
    in_transaction: bool,
    accepted: Vec<String>,
    taken: usize,
    quit: bool,
}

impl Session {
    async fn run(&mut self, stream: DuplexStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut ends = self.peer.0.ends.subscribe();
        let greets_after = self.peer.plan().greets_after;
        tokio::select! {
            () = sleep(greets_after) => {}
            // The client has gone.
            _ = stream.fill_buf() => return Ok(()),
        }
        if self.peer.is_full() {
            return stream.write_all(b"421 4.7.0 too many connections\r\n").await;
        }
        stream.write_all(b"220 peer.test ESMTP\r\n").await?;
        loop {
            let mut line = String::new();
            tokio::select! {
                biased;
                read = stream.read_line(&mut line) => if read? == 0 { return Ok(()); },
                _ = ends.changed() => {
                    let last = ends.borrow().1;
                    return stream.write_all(last.as_bytes()).await;
                }
            }
            let plan = self.peer.plan().clone();
            plan.think().await;
            let verb = line.split([' ', '\r']).next().unwrap_or_default().to_ascii_uppercase();
            if plan.hangs_at == Some(verb.as_str()) {
                // It still sees that the client closes.
                stream.read_to_end(&mut Vec::new()).await?;
                return Ok(());
            }
            self.peer.count(|counts| counts.note(&verb, &line, self.in_transaction));
            if let Some(reply) = self.peer.scripted(&line) {
                if reply.is_empty() {
                    return Ok(());
                }
                stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
                continue;
            }
            let reply = match verb.as_str() {
                "EHLO" => plan.ehlo(),
                "AUTH" => {
                    self.peer.count(|counts| counts.logins += 1);
                    let right =
                        plan.password.is_some_and(|password| line.trim_end() == plain(password));
                    if right { "235 2.7.0 in\r\n" } else { "535 5.7.8 wrong\r\n" }.into()
                }
                "MAIL" => match plan.at_most {
                    Some((most, reply)) if most <= self.mails => {
                        self.peer.count(|counts| counts.refused_mails += 1);
                        stream.write_all(reply.as_bytes()).await?;
                        if reply.starts_with("421") {
                            return Ok(());
                        }
                        continue;
                    }
                    _ => {
                        self.mails += 1;
                        self.in_transaction = true;
                        self.accepted.clear();
                        self.peer.count(|counts| counts.named.push(Vec::new()));
                        "250 2.1.0 ok\r\n".into()
                    }
                },
                "RCPT" | "DATA" if !self.in_transaction => "503 5.5.1 MAIL first\r\n".into(),
                "DATA" if self.accepted.is_empty() => "554 5.5.1 no recipients\r\n".into(),
                "DATA" => {
                    self.in_transaction = false;
                    stream.write_all(b"354 go on\r\n").await?;
                    let reply = self.message(&mut stream, &plan).await?;
                    if reply.is_empty() {
                        return Ok(());
                    }
                    format!("{reply}\r\n")
                }
                "QUIT" => {
                    self.quit = true;
                    return stream.write_all(b"221 2.0.0 bye\r\n").await;
                }
                "RSET" => {
                    self.in_transaction = false;
                    "250 2.0.0 ok\r\n".into()
                }
                "RCPT" => {
                    self.accepted.push(recipient(&line));
                    "250 2.0.0 ok\r\n".into()
                }
                "NOOP" if plan.noop.is_some_and(|reply| reply.starts_with("421")) => {
                    return stream.write_all(plan.noop.unwrap_or_default().as_bytes()).await;
                }
                "NOOP" => plan.noop.unwrap_or("250 2.0.0 ok\r\n").into(),
                _ => String::from("500 5.5.1 unknown\r\n"),
            };
            stream.write_all(reply.as_bytes()).await?;
            if plan.leaves {
                return Ok(());
            }
        }
    }

    async fn message(
        &mut self,
        stream: &mut BufReader<DuplexStream>,
        plan: &Plan,
    ) -> io::Result<&'static str> {
        let mut message = Vec::new();
        while !message.ends_with(b"\r\n.\r\n") {
            let byte = stream.read_u8().await?;
            message.push(byte);
        }
        sleep(plan.takes).await;
        if plan.hangs_at == Some(".") {
            tokio::io::copy(stream, &mut tokio::io::sink()).await?;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let reply = self.peer.scripted(".").unwrap_or("250 2.0.0 taken");
        if !reply.is_empty() && !reply.starts_with("250") {
            return Ok(reply);
        }
        let first = message.split(|&byte| byte == b'\r').next().unwrap_or_default();
        let first = String::from_utf8_lossy(first).into_owned();
        self.taken += 1;
        self.peer.count(|counts| {
            for recipient in self.accepted.drain(..) {
                *counts.delivered.entry((first.clone(), recipient)).or_default() += 1;
            }
            *counts.taken.entry(first).or_default() += 1;
        });
        Ok(reply)
    }
}

/// The address in a line of RCPT.
fn recipient(line: &str) -> String {
    let address = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    address.map_or_else(String::new, |(address, _)| address.to_owned())
}

/// AUTH PLAIN with this password.
fn plain(password: &str) -> String {
    use base64::Engine as _;
    let response = format!("\0me\0{password}");
    format!("AUTH PLAIN {}", base64::engine::general_purpose::STANDARD.encode(response))
}

/// An envelope, and message `number`.
pub(super) fn message(number: usize) -> (Envelope, String) {
    let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
    (envelope, format!("Subject: {number}\r\n\r\nText.\r\n"))
}

/// Sends so many messages at once, each of which is taken.
pub(super) async fn send_at_once<C: smtp_pool::Session>(pool: &Pool<C>, messages: usize) {
    let mut sends = JoinSet::new();
    for number in 0..messages {
        let pool = pool.clone();
        sends.spawn(async move {
            let (envelope, body) = message(number);
            pool.send(envelope, body).await.expect("taken");
        });
    }
    sends.join_all().await;
}
