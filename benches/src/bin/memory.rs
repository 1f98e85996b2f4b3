//! How much memory a large message takes while it is sent: `memory [SIZE [LIMIT [ROWS]]]`, by
//! default 64m, 1m and all rows; else those whose names hold the text ROWS.
//!
//! Each cell of the table sends one body to the sink, which runs in a process of its own, and is
//! the peak of what this process had allocated beyond what it held before: the body, where that is
//! in memory, and the connection. In brackets the same where memory that grows is moved. A cell
//! above the limit fails the program.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};
use std::time::Instant;

use benches::counting::{self, Counting};
use benches::servers::Running;
use bytes::Bytes;
use smtp::grammar::Domain;
use smtp::message::BodySource;
use smtp::state::Idle;
use smtp::{Body, Connection, Envelope, Server, TlsConfig, Transfer};
use tokio::net::{TcpSocket, TcpStream};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A name, and a line that is repeated.
const KINDS: [(&str, &str); 4] = [
    (
        "lines of 78",
        "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n",
    ),
    ("LF only", "Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod temp\n"),
    (
        "leading dots",
        ".orem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tem\r\n",
    ),
    ("lone dots", ".\r\n"),
];
const METHODS: [&str; 2] = ["DATA", "BDAT"];
const SECURITY: [&str; 2] = ["clear", "TLS"];
/// The value that SO_SNDBUF is set to.
const SEND_BUFFERS: [(&str, Option<u32>); 3] =
    [("4 KiB", Some(4 << 10)), ("128 KiB", Some(128 << 10)), ("default", None)];
const SOURCES: [&str; 4] = ["borrowed", "owned", "stream", "file"];
/// Bytes of a piece of the streamed body.
const PIECE: usize = 16 << 10;

/// The most bytes at once, and the same where memory that grows is moved.
type Peaks = (usize, usize);

/// A body that is made while it is sent.
struct Repeated {
    line: &'static [u8],
    /// How far into the line the next piece begins.
    column: usize,
    left: usize,
}

impl BodySource for Repeated {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        let size = self.left.min(PIECE);
        if size == 0 {
            return Poll::Ready(None);
        }
        let piece: Bytes = self.line.iter().cycle().skip(self.column).take(size).copied().collect();
        self.column = (self.column + size) % self.line.len();
        self.left -= size;
        Poll::Ready(Some(Ok(piece)))
    }
}

/// The body of a kind, wherever it is taken from.
struct Content {
    line: &'static [u8],
    bytes: Bytes,
    file: PathBuf,
}

impl Content {
    fn new(line: &'static str, size: usize) -> io::Result<Self> {
        let line = line.as_bytes();
        let mut bytes = Vec::with_capacity(size + line.len());
        while bytes.len() < size {
            bytes.extend_from_slice(line);
        }
        let file = std::env::temp_dir().join(format!("memory-{}", std::process::id()));
        std::fs::write(&file, &bytes)?;
        Ok(Self { line, bytes: bytes.into(), file })
    }

    async fn body(&self, source: &str) -> io::Result<Body<'_>> {
        Ok(match source {
            "borrowed" => Body::from(&self.bytes[..]),
            "owned" => Body::from(self.bytes.clone()),
            "stream" => {
                Body::stream(Repeated { line: self.line, column: 0, left: self.bytes.len() })
            }
            _ => Body::file(&self.file).await?,
        })
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

async fn deliver<H: Idle>(
    mut connection: Connection<H>,
    envelope: &Envelope,
    content: &Content,
    source: &str,
) -> Peaks {
    let before = counting::restart();
    let body = content.body(source).await.expect("a body");
    let receipt = connection.deliver(envelope, body).await.expect("a receipt");
    let peaks = (counting::peak() - before, counting::moving_peak() - before);
    assert!(receipt.is_complete());
    connection.quit().await.expect("QUIT");
    peaks
}

/// The peaks of one cell.
async fn measure(
    sink: &Running,
    content: &Content,
    method: &str,
    security: &str,
    send_buffer: Option<u32>,
    source: &str,
) -> Peaks {
    let name: Domain = "client.example".parse().expect("a domain");
    let transfer = if method == "DATA" { Transfer::data() } else { Transfer::chunks() };
    let server = Server::new("127.0.0.1", sink.addr.port()).client_name(name).transfer(transfer);
    let envelope = Envelope::new("sender@example.org", ["rcpt@example.net"]).expect("addresses");
    let connection =
        Connection::from_stream(open(sink, send_buffer).await.expect("a socket"), &server);
    let connection = connection.await.expect("EHLO");
    if security == "clear" {
        return deliver(connection, &envelope, content, source).await;
    }
    let tls = TlsConfig::from_rustls(bench_unchecked::config(), smtp::state::Verification::Custom);
    let connection = connection.starttls(&tls).await.expect("STARTTLS");
    deliver(connection, &envelope, content, source).await
}

async fn open(sink: &Running, send_buffer: Option<u32>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(size) = send_buffer {
        socket.set_send_buffer_size(size)?;
    }
    let stream = socket.connect(sink.addr).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn bytes(argument: Option<String>, default: usize) -> usize {
    let Some(text) = argument else { return default };
    let (digits, unit) = match text.strip_suffix(['m', 'k']) {
        Some(digits) => (digits, if text.ends_with('m') { 1 << 20 } else { 1 << 10 }),
        None => (text.as_str(), 1),
    };
    digits.parse::<usize>().expect("memory [SIZE] [LIMIT], as 64m or 100k") * unit
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (size, limit) = (bytes(arguments.next(), 64 << 20), bytes(arguments.next(), 1 << 20));
    let rows = arguments.next().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let sink = Running::start("sink", &["--tls"]);
    let started = Instant::now();
    let mut most: BTreeMap<String, Peaks> = BTreeMap::new();
    let mut above = Vec::new();
    println!("KiB above the body of {size} bytes\n");
    println!("| body | method | security | SO_SNDBUF | {} | seconds |", SOURCES.join(" | "));
    println!("|{}", "---|".repeat(5 + SOURCES.len()));
    for (kind, line) in KINDS {
        let content = Content::new(line, size).expect("room for the body");
        for (method, security, (name, send_buffer)) in groups() {
            let row = format!("{kind} | {method} | {security} | {name}");
            if !row.contains(&rows) {
                continue;
            }
            print!("| {row} |");
            let began = Instant::now();
            for source in SOURCES {
                let cell = measure(&sink, &content, method, security, send_buffer, source);
                let peaks = runtime.block_on(cell);
                print!(" {} |", kib(peaks));
                let group = most.entry(format!("{method} {security} {source}")).or_default();
                *group = (group.0.max(peaks.0), group.1.max(peaks.1));
                if peaks.0 > limit {
                    above.push(format!("{row} | {source}: {} KiB", kib(peaks)));
                }
            }
            println!(" {:.1} |", began.elapsed().as_secs_f64());
            let _ = io::stdout().flush();
        }
    }
    println!("\n| group | most |\n|---|---|");
    for (group, peaks) in most {
        println!("| {group} | {} |", kib(peaks));
    }
    println!("\n{:.0} s", started.elapsed().as_secs_f64());
    for cell in &above {
        eprintln!("above {} KiB: {cell}", limit / 1024);
    }
    if above.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The ways to send a body, each a row for each kind of body.
fn groups() -> impl Iterator<Item = (&'static str, &'static str, (&'static str, Option<u32>))> {
    METHODS.into_iter().flat_map(|method| {
        SECURITY.into_iter().flat_map(move |security| {
            SEND_BUFFERS.into_iter().map(move |buffer| (method, security, buffer))
        })
    })
}

fn kib((peak, moving): Peaks) -> String {
    format!("{} ({})", peak.div_ceil(1024), moving.div_ceil(1024))
}
