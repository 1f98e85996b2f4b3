//! The parts that all benchmark clients share: the command line, the message bytes, the resource
//! counters, the one-line JSON report.

use std::net::SocketAddr;
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

#[derive(Clone, Debug)]
pub struct Args {
    pub addr: SocketAddr,
    pub messages: usize,
    pub rcpts: usize,
    pub size: usize,
    pub connections: usize,
    /// typical | dots | dotsmax | utf8
    pub kind: String,
    /// Ask the peer to pipeline, if it has a switch for it.
    pub pipelining: bool,
    /// One connection for all of a task's messages; without it, one per message.
    pub reuse: bool,
    /// Use STARTTLS (certificate not checked: the sink's is self-signed).
    pub starttls: bool,
    /// TLS from the first byte, the same.
    pub implicit: bool,
    /// Resume a session: one connection is made and ended before the first that is measured.
    pub resume: bool,
    /// Use AUTH PLAIN.
    pub auth: bool,
    /// Remember what the server offers, for sessions that may begin early with it.
    pub cache: bool,
    /// Use BDAT if the peer has it.
    pub bdat: bool,
    /// TCP_NODELAY, where the caller owns the socket.
    pub nodelay: bool,
    /// A peer-specific path (lettre: raw | pool; ours: chunks; wirefloor: see there).
    pub mode: String,
    /// Messages in flight, for binaries that can keep more than one.
    pub window: usize,
    /// Open the connections, send `messages` over each, report memory, stop.
    pub idle: bool,
    /// Print the message's length and hash and stop.
    pub print_hash: bool,
}

impl Args {
    pub fn parse() -> Args {
        let mut a = Args {
            addr: "127.0.0.1:2525".parse().unwrap(),
            messages: 1,
            rcpts: 1,
            size: 2048,
            connections: 1,
            kind: "typical".into(),
            pipelining: false,
            reuse: false,
            starttls: false,
            implicit: false,
            resume: false,
            auth: false,
            cache: false,
            bdat: false,
            nodelay: false,
            mode: String::new(),
            window: 1,
            idle: false,
            print_hash: false,
        };
        let mut it = std::env::args().skip(1);
        while let Some(f) = it.next() {
            let mut val = || it.next().unwrap_or_else(|| die(&format!("{f} needs a value")));
            match f.as_str() {
                "--addr" => a.addr = val().parse().unwrap_or_else(|_| die("bad --addr")),
                "--messages" => a.messages = num(&val()),
                "--rcpts" => a.rcpts = num(&val()),
                "--size" => a.size = num(&val()),
                "--connections" => a.connections = num(&val()).max(1),
                "--kind" => a.kind = val(),
                "--mode" => a.mode = val(),
                "--window" => a.window = num(&val()).max(1),
                "--pipelining" => a.pipelining = true,
                "--reuse" => a.reuse = true,
                "--starttls" => a.starttls = true,
                "--implicit" => a.implicit = true,
                "--resume" => a.resume = true,
                "--auth" => a.auth = true,
                "--cache" => a.cache = true,
                "--bdat" => a.bdat = true,
                "--nodelay" => a.nodelay = true,
                "--idle" => a.idle = true,
                "--print-hash" => a.print_hash = true,
                other => die(&format!("unknown option {other}")),
            }
        }
        a
    }

    /// How many messages task `i` of `connections` sends.
    pub fn share(&self, i: usize) -> usize {
        self.messages / self.connections + usize::from(i < self.messages % self.connections)
    }

    pub fn rcpt(&self, i: usize) -> String {
        format!("rcpt{i:04}@example.net")
    }
}

pub const FROM: &str = "sender@example.org";
pub const USER: &str = "user";
pub const PASS: &str = "secret";

fn num(s: &str) -> usize {
    let (d, mul) = match s.as_bytes().last() {
        Some(b'k') => (&s[..s.len() - 1], 1 << 10),
        Some(b'm') => (&s[..s.len() - 1], 1 << 20),
        _ => (s, 1),
    };
    d.parse::<usize>().unwrap_or_else(|_| die("bad number")) * mul
}

fn die(m: &str) -> ! {
    eprintln!("{m}");
    std::process::exit(2)
}

/// A message of exactly `size` bytes (at least 256), CRLF line ends, ending in CRLF.
pub fn message(kind: &str, size: usize) -> &'static [u8] {
    let mut m: Vec<u8> = Vec::with_capacity(size + 128);
    m.extend_from_slice(
        b"From: Sender <sender@example.org>\r\nTo: Recipient <rcpt0000@example.net>\r\n\
          Subject: benchmark\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\n\
          Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n\r\n",
    );
    let line: &[u8] = match kind {
        // 76 characters and CRLF: what base64 or wrapped text looks like.
        "typical" => {
            b"Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n"
        }
        // The same length, every line starting with a dot.
        "dots" => {
            b".orem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n"
        }
        // The largest growth there is: three bytes become four.
        "dotsmax" => b".\r\n",
        "utf8" => {
            "Größe: naïve façade — Ünïcödé text to make an eight-bit message body.\r\n".as_bytes()
        }
        other => die(&format!("unknown --kind {other}")),
    };
    while m.len() < size {
        m.extend_from_slice(line);
    }
    m.truncate(size.max(4) - 2);
    // Never leave half a CRLF or half a character in front of the last one.
    for b in m.iter_mut().rev().take(8) {
        if *b == b'\r' || *b == b'\n' || *b >= 0x80 {
            *b = b'x';
        } else {
            break;
        }
    }
    m.extend_from_slice(b"\r\n");
    Box::leak(m.into_boxed_slice())
}

/// FNV-1a, also what the sink computes with --verify.
pub fn hash(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ *b as u64).wrapping_mul(0x0100_0000_01b3))
}

#[derive(Clone, Copy)]
pub struct Usage {
    pub user: f64,
    pub sys: f64,
    pub maxrss_kb: i64,
}

pub fn usage() -> Usage {
    let used = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage");
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Usage {
        user: seconds(used.user_time()),
        sys: seconds(used.system_time()),
        maxrss_kb: used.max_rss(),
    }
}

/// Resident bytes now.
pub fn rss() -> u64 {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    s.split(' ').nth(1).and_then(|v| v.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// Wall and CPU time of the three phases.
pub struct Report {
    name: String,
    args: Args,
    t: Vec<Instant>,
    u: Vec<Usage>,
    rss0: u64,
}

impl Report {
    /// Call before connecting.
    pub fn start(name: &str, args: &Args) -> Report {
        Report {
            name: name.into(),
            args: args.clone(),
            t: vec![Instant::now()],
            u: vec![usage()],
            rss0: rss(),
        }
    }
    /// Call when connected, when sent, when closed.
    pub fn mark(&mut self) {
        self.t.push(Instant::now());
        self.u.push(usage());
    }
    pub fn print(&self) {
        let d =
            |i: usize| self.t.get(i + 1).map_or(0.0, |b| b.duration_since(self.t[i]).as_secs_f64());
        let c = |i: usize, f: fn(&Usage) -> f64| {
            self.u.get(i + 1).map_or(0.0, |b| f(b) - f(&self.u[i]))
        };
        let send = d(1);
        let n = self.args.messages as f64;
        println!(
            "{{\"peer\":\"{}\",\"messages\":{},\"rcpts\":{},\"size\":{},\"connections\":{},\"connect_s\":{:.6},\
             \"send_s\":{:.6},\"close_s\":{:.6},\"msg_per_s\":{:.1},\"mb_per_s\":{:.1},\"send_user_s\":{:.6},\
             \"send_sys_s\":{:.6},\"maxrss_kb\":{}}}",
            self.name,
            self.args.messages,
            self.args.rcpts,
            self.args.size,
            self.args.connections,
            d(0),
            send,
            d(2),
            if send > 0.0 { n / send } else { 0.0 },
            if send > 0.0 { n * self.args.size as f64 / send / 1e6 } else { 0.0 },
            c(1, |u| u.user),
            c(1, |u| u.sys),
            usage().maxrss_kb,
        );
    }
    pub fn print_idle(&self) {
        let now = rss();
        println!(
            "{{\"peer\":\"{}\",\"idle_connections\":{},\"messages_each\":{},\"rss_per_connection\":{:.0}}}",
            self.name,
            self.args.connections,
            self.args.messages,
            now.saturating_sub(self.rss0) as f64 / self.args.connections as f64
        );
    }
}

/// A failure in one task ends the program: the others would wait for it.
pub fn end_with_the_first_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(101);
    }));
}

/// The driver of every client.
///
/// The client's crate supplies async functions: `connect(&Args) -> C`, `send(&mut C, &Args,
/// &'static [u8])` and `quit(C)`. `drive!(name, send_all)` names a function that sends many
/// messages of one task itself: `send_all(&mut C, &Args, &'static [u8], usize)`. They panic on any
/// failure, so that a figure is never that of messages which were not accepted. Everything runs on
/// one thread: clients differ in what they do, not in how a scheduler spreads it.
#[macro_export]
macro_rules! drive {
    ($name:expr) => {
        $crate::drive!(@main $name, |connection, args, message, count| {
            for _ in 0..count {
                send(&mut connection, args, message).await;
            }
        });
    };
    ($name:expr, $send_all:ident) => {
        $crate::drive!(@main $name, |connection, args, message, count| {
            $send_all(&mut connection, args, message, count).await;
        });
    };
    (@main $name:expr, |$connection:ident, $args:ident, $message:ident, $count:ident| $many:block) => {
        fn main() {
            let $args: &'static $crate::Args = Box::leak(Box::new($crate::Args::parse()));
            let $message: &'static [u8] = $crate::message(&$args.kind, $args.size);
            if $args.print_hash {
                let hash = $crate::hash($message);
                println!("{{\"len\":{},\"hash\":\"{hash:016x}\"}}", $message.len());
                return;
            }
            $crate::end_with_the_first_panic();
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let local = tokio::task::LocalSet::new();
            local.block_on(&runtime, async move {
                if $args.resume {
                    let first = connect($args).await;
                    quit(first).await;
                }
                let mut report = $crate::Report::start($name, $args);
                if $args.idle {
                    let mut held = Vec::with_capacity($args.connections);
                    for _ in 0..$args.connections {
                        let mut $connection = connect($args).await;
                        let $count = $args.messages;
                        $many
                        held.push($connection);
                    }
                    report.print_idle();
                    std::process::exit(0);
                }
                if $args.reuse {
                    let opening: Vec<_> = (0..$args.connections)
                        .map(|_| tokio::task::spawn_local(connect($args)))
                        .collect();
                    let mut open = Vec::new();
                    for task in opening {
                        open.push(task.await.unwrap());
                    }
                    report.mark();
                    let mut sending = Vec::new();
                    for (task, mut $connection) in open.into_iter().enumerate() {
                        sending.push(tokio::task::spawn_local(async move {
                            let $count = $args.share(task);
                            $many
                            $connection
                        }));
                    }
                    let mut open = Vec::new();
                    for task in sending {
                        open.push(task.await.unwrap());
                    }
                    report.mark();
                    for connection in open {
                        quit(connection).await;
                    }
                    report.mark();
                } else {
                    report.mark();
                    let mut sending = Vec::new();
                    for task in 0..$args.connections {
                        sending.push(tokio::task::spawn_local(async move {
                            for _ in 0..$args.share(task) {
                                let mut connection = connect($args).await;
                                send(&mut connection, $args, $message).await;
                                quit(connection).await;
                            }
                        }));
                    }
                    for task in sending {
                        task.await.unwrap();
                    }
                    report.mark();
                }
                report.print();
            });
        }
    };
}
