//! A fast SMTP sink: one thread per connection, replies gathered until the
//! input runs dry, counters for everything a client can be judged by. A client
//! that says LHLO is answered as in LMTP.
//!
//! `XSTAT` on any connection answers the counters as JSON; `XRESET` clears them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use memchr::{memchr, memmem};

#[derive(Default)]
struct Stats {
    connections: AtomicU64,
    tls: AtomicU64,
    /// Of these, sessions that a ticket or an identifier has resumed.
    resumed: AtomicU64,
    messages: AtomicU64,
    rcpts: AtomicU64,
    body: AtomicU64,
    wire: AtomicU64,
    commands: AtomicU64,
    bdats: AtomicU64,
    reads: AtomicU64,
    writes: AtomicU64,
    seen: Mutex<BTreeMap<(u64, u64), u64>>,
    /// MAIL FROM parameters as sent, to see what a client declares.
    params: Mutex<BTreeMap<String, u64>>,
}

struct Opts {
    verify: bool,
    chunking: bool,
    pipelining: bool,
    auth: bool,
    /// Lists PIPECONNECT. A sink takes commands that came before its greeting in any case.
    pipeconnect: bool,
    /// TLS from the first byte, in place of STARTTLS.
    implicit: bool,
    tls: Option<Arc<rustls::ServerConfig>>,
}

enum Mode {
    Command,
    Data { bol: bool },
    Bdat { left: usize, last: bool },
    AuthLine(u8),
}

enum Next {
    Close,
    StartTls,
}

struct Verify {
    on: bool,
    len: u64,
    hash: u64,
    /// 0: at line start, 1: inside a line, 2: after CR
    st: u8,
}

impl Verify {
    fn reset(&mut self) {
        self.len = 0;
        self.hash = 0xcbf2_9ce4_8422_2325;
        self.st = 0;
    }
    fn plain(&mut self, b: &[u8]) {
        if !self.on {
            return;
        }
        self.len += b.len() as u64;
        for c in b {
            self.hash = (self.hash ^ *c as u64).wrapping_mul(0x0100_0000_01b3);
        }
    }
    fn stuffed(&mut self, b: &[u8]) {
        if !self.on {
            return;
        }
        for c in b {
            if self.st == 0 && *c == b'.' {
                self.st = 1;
                continue;
            }
            self.st = match (*c, self.st) {
                (b'\r', _) => 2,
                (b'\n', 2) => 0,
                _ => 1,
            };
            self.len += 1;
            self.hash = (self.hash ^ *c as u64).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Where a session begins: in clear, inside TLS from the first byte, or after STARTTLS.
#[derive(Clone, Copy, PartialEq)]
enum Begins {
    Clear,
    Implicit,
    AfterStartTls,
}

fn serve<S: Read + Write>(
    s: &mut S,
    st: &Stats,
    o: &Opts,
    begins: Begins,
) -> std::io::Result<Next> {
    let secure = begins != Begins::Clear;
    let mut buf = vec![0u8; 256 << 10];
    let (mut start, mut end) = (0usize, 0usize);
    let mut out: Vec<u8> = Vec::with_capacity(1024);
    let mut mode = Mode::Command;
    let mut v = Verify { on: o.verify, len: 0, hash: 0, st: 0 };
    v.reset();
    let fin = memmem::Finder::new(b"\r\n.\r\n");
    if begins != Begins::AfterStartTls {
        out.extend_from_slice(b"220 sink.example ESMTP\r\n");
    }
    let mut rcpts = 0u64;
    let mut lmtp = false;
    loop {
        // Work through what is there.
        let mut starttls = false;
        'input: while start < end || matches!(mode, Mode::Bdat { left: 0, .. }) {
            match &mut mode {
                Mode::Data { bol } => {
                    let b = &buf[start..end];
                    if *bol {
                        if b.len() < 3 && b".\r\n".starts_with(b) {
                            break 'input;
                        }
                        if b.starts_with(b".\r\n") {
                            start += 3;
                            finish(st, &mut v, &mut rcpts, lmtp, &mut out);
                            mode = Mode::Command;
                            continue;
                        }
                        *bol = false;
                    }
                    match fin.find(b) {
                        Some(i) => {
                            v.stuffed(&b[..i + 2]);
                            st.body.fetch_add(i as u64 + 2, Relaxed);
                            start += i + 5;
                            finish(st, &mut v, &mut rcpts, lmtp, &mut out);
                            mode = Mode::Command;
                        }
                        None => {
                            let n = b.len().saturating_sub(4);
                            v.stuffed(&b[..n]);
                            st.body.fetch_add(n as u64, Relaxed);
                            start += n;
                            break 'input;
                        }
                    }
                }
                Mode::Bdat { left, last } => {
                    let n = (*left).min(end - start);
                    v.plain(&buf[start..start + n]);
                    st.body.fetch_add(n as u64, Relaxed);
                    start += n;
                    *left -= n;
                    if *left == 0 {
                        if *last {
                            finish(st, &mut v, &mut rcpts, lmtp, &mut out);
                        } else {
                            out.extend_from_slice(b"250 2.0.0 chunk\r\n");
                        }
                        mode = Mode::Command;
                    }
                }
                Mode::AuthLine(n) => {
                    let Some(i) = memchr(b'\n', &buf[start..end]) else { break 'input };
                    start += i + 1;
                    if *n > 1 {
                        *n -= 1;
                        out.extend_from_slice(b"334 UGFzc3dvcmQ6\r\n");
                    } else {
                        out.extend_from_slice(b"235 2.7.0 ok\r\n");
                        mode = Mode::Command;
                    }
                }
                Mode::Command => {
                    let Some(i) = memchr(b'\n', &buf[start..end]) else { break 'input };
                    let line = &buf[start..start + i + 1];
                    start += i + 1;
                    st.commands.fetch_add(1, Relaxed);
                    let verb: [u8; 4] = match line.get(..4) {
                        Some(w) => [w[0], w[1], w[2], w[3]].map(|c| c.to_ascii_uppercase()),
                        None => [0; 4],
                    };
                    match &verb {
                        b"MAIL" => {
                            v.reset();
                            if o.verify {
                                let t = String::from_utf8_lossy(line);
                                let p = t.split_once('>').map_or("", |x| x.1).trim().to_string();
                                *st.params.lock().unwrap().entry(p).or_default() += 1;
                            }
                            rcpts = 0;
                            out.extend_from_slice(b"250 2.1.0 Ok\r\n")
                        }
                        b"RCPT" => {
                            rcpts += 1;
                            out.extend_from_slice(b"250 2.1.5 Ok\r\n")
                        }
                        b"DATA" => {
                            out.extend_from_slice(b"354 End data with <CR><LF>.<CR><LF>\r\n");
                            mode = Mode::Data { bol: true };
                        }
                        b"BDAT" => {
                            st.bdats.fetch_add(1, Relaxed);
                            let t = String::from_utf8_lossy(line);
                            let mut w = t.split_ascii_whitespace().skip(1);
                            let left = w.next().and_then(|n| n.parse().ok()).unwrap_or(0);
                            let last = w.next().is_some_and(|l| l.eq_ignore_ascii_case("LAST"));
                            mode = Mode::Bdat { left, last };
                        }
                        b"EHLO" | b"LHLO" => {
                            lmtp = &verb == b"LHLO";
                            out.extend_from_slice(b"250-sink.example\r\n");
                            if o.pipelining {
                                out.extend_from_slice(b"250-PIPELINING\r\n");
                            }
                            out.extend_from_slice(b"250-SIZE 268435456\r\n");
                            if o.tls.is_some() && !secure {
                                out.extend_from_slice(b"250-STARTTLS\r\n");
                            }
                            if o.auth {
                                out.extend_from_slice(b"250-AUTH PLAIN\r\n");
                            }
                            out.extend_from_slice(b"250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n");
                            if o.chunking {
                                out.extend_from_slice(b"250-CHUNKING\r\n");
                            }
                            if o.pipeconnect {
                                out.extend_from_slice(b"250-PIPECONNECT\r\n");
                            }
                            out.extend_from_slice(b"250 SMTPUTF8\r\n");
                        }
                        b"HELO" => out.extend_from_slice(b"250 sink.example\r\n"),
                        b"AUTH" => {
                            let t = String::from_utf8_lossy(line).to_ascii_uppercase();
                            let w: Vec<&str> = t.split_ascii_whitespace().collect();
                            match w.get(1) {
                                Some(&"PLAIN") if w.len() > 2 => {
                                    out.extend_from_slice(b"235 2.7.0 ok\r\n")
                                }
                                Some(&"PLAIN") => {
                                    out.extend_from_slice(b"334 \r\n");
                                    mode = Mode::AuthLine(1);
                                }
                                _ => {
                                    out.extend_from_slice(b"334 VXNlcm5hbWU6\r\n");
                                    mode = Mode::AuthLine(2);
                                }
                            }
                        }
                        b"STAR" if o.tls.is_some() && !secure => {
                            out.extend_from_slice(b"220 2.0.0 go\r\n");
                            starttls = true;
                            break 'input;
                        }
                        b"QUIT" => {
                            out.extend_from_slice(b"221 2.0.0 Bye\r\n");
                            s.write_all(&out)?;
                            s.flush()?;
                            return Ok(Next::Close);
                        }
                        b"XSTA" => out.extend_from_slice(report(st).as_bytes()),
                        b"XRES" => {
                            reset(st);
                            out.extend_from_slice(b"250 ok\r\n")
                        }
                        b"NOOP" | b"RSET" => out.extend_from_slice(b"250 2.0.0 Ok\r\n"),
                        _ => out.extend_from_slice(b"500 5.5.2 what?\r\n"),
                    }
                }
            }
        }
        if !out.is_empty() {
            st.writes.fetch_add(1, Relaxed);
            s.write_all(&out)?;
            s.flush()?;
            out.clear();
        }
        if starttls {
            return Ok(Next::StartTls);
        }
        if start == end {
            start = 0;
            end = 0;
        } else if end == buf.len() {
            buf.copy_within(start..end, 0);
            end -= start;
            start = 0;
        }
        let n = s.read(&mut buf[end..])?;
        if n == 0 {
            return Ok(Next::Close);
        }
        st.reads.fetch_add(1, Relaxed);
        st.wire.fetch_add(n as u64, Relaxed);
        end += n;
    }
}

fn finish(st: &Stats, v: &mut Verify, rcpts: &mut u64, lmtp: bool, out: &mut Vec<u8>) {
    st.messages.fetch_add(1, Relaxed);
    st.rcpts.fetch_add(*rcpts, Relaxed);
    // RFC 2033 §4.2: one for each recipient.
    let replies = if lmtp { *rcpts } else { 1 };
    *rcpts = 0;
    if v.on {
        *st.seen.lock().unwrap().entry((v.len, v.hash)).or_default() += 1;
        v.reset();
    }
    for _ in 0..replies {
        out.extend_from_slice(b"250 2.0.0 Ok: queued as 4ABCDEF0123\r\n");
    }
}

fn report(st: &Stats) -> String {
    let g = |a: &AtomicU64| a.load(Relaxed);
    let seen: Vec<String> = st
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|((l, h), n)| format!("{{\"len\":{l},\"hash\":\"{h:016x}\",\"n\":{n}}}"))
        .collect();
    let params: Vec<String> =
        st.params.lock().unwrap().iter().map(|(p, n)| format!("\"{p}\":{n}")).collect();
    format!(
        "250 {{\"connections\":{},\"tls\":{},\"resumed\":{},\"messages\":{},\"rcpts\":{},\"body\":{},\"wire\":{},\"commands\":{},\
         \"bdats\":{},\"reads\":{},\"writes\":{},\"seen\":[{}],\"mail_params\":{{{}}}}}\r\n",
        g(&st.connections),
        g(&st.tls),
        g(&st.resumed),
        g(&st.messages),
        g(&st.rcpts),
        g(&st.body),
        g(&st.wire),
        g(&st.commands),
        g(&st.bdats),
        g(&st.reads),
        g(&st.writes),
        seen.join(","),
        params.join(",")
    )
}

fn reset(st: &Stats) {
    for a in [
        &st.connections,
        &st.tls,
        &st.resumed,
        &st.messages,
        &st.rcpts,
        &st.body,
        &st.wire,
        &st.commands,
        &st.bdats,
        &st.reads,
        &st.writes,
    ] {
        a.store(0, Relaxed);
    }
    st.seen.lock().unwrap().clear();
    st.params.lock().unwrap().clear();
}

fn connection(mut s: TcpStream, st: &Stats, o: &Opts) -> std::io::Result<()> {
    s.set_nodelay(true)?;
    st.connections.fetch_add(1, Relaxed);
    let begins = if o.implicit {
        Begins::Implicit
    } else {
        let Next::StartTls = serve(&mut s, st, o, Begins::Clear)? else { return Ok(()) };
        Begins::AfterStartTls
    };
    let cfg = o.tls.clone().unwrap();
    let conn = rustls::ServerConnection::new(cfg).map_err(std::io::Error::other)?;
    st.tls.fetch_add(1, Relaxed);
    let mut t = rustls::StreamOwned::new(conn, s);
    t.conn.complete_io(&mut t.sock)?;
    if t.conn.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
        st.resumed.fetch_add(1, Relaxed);
    }
    serve(&mut t, st, o, begins)?;
    Ok(())
}

/// A self-signed certificate, and the versions of TLS that are spoken.
fn tls(
    certificate_file: Option<&str>,
    only_tls12: bool,
) -> std::io::Result<Arc<rustls::ServerConfig>> {
    let c = rcgen::generate_simple_self_signed(vec!["localhost".into(), "127.0.0.1".into()])
        .map_err(std::io::Error::other)?;
    if let Some(f) = certificate_file {
        std::fs::write(f, c.cert.pem())?;
    }
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(c.signing_key.serialize_der());
    let versions: &[_] = if only_tls12 { &[&rustls::version::TLS12] } else { rustls::ALL_VERSIONS };
    let mut cfg = rustls::ServerConfig::builder_with_protocol_versions(versions)
        .with_no_client_auth()
        .with_single_cert(vec![c.cert.der().clone()], key.into())
        .map_err(std::io::Error::other)?;
    // As servers of OpenSSL and GnuTLS do; otherwise rustls remembers sessions itself.
    cfg.ticketer = rustls::crypto::ring::Ticketer::new().map_err(std::io::Error::other)?;
    Ok(Arc::new(cfg))
}

fn main() -> std::io::Result<()> {
    let mut listen = "127.0.0.1:0".to_string();
    let mut port_file = None;
    let (mut starttls, mut only_tls12, mut certificate_file) = (false, false, None);
    let mut o = Opts {
        verify: false,
        chunking: true,
        pipelining: true,
        auth: true,
        pipeconnect: false,
        implicit: false,
        tls: None,
    };
    let mut it = std::env::args().skip(1);
    while let Some(a) = it.next() {
        match a.as_str() {
            "--listen" => listen = it.next().expect("--listen ADDR"),
            "--port-file" => port_file = it.next(),
            "--verify" => o.verify = true,
            "--no-chunking" => o.chunking = false,
            "--no-pipelining" => o.pipelining = false,
            "--no-auth" => o.auth = false,
            "--pipeconnect" => o.pipeconnect = true,
            "--tls" => starttls = true,
            "--implicit" => o.implicit = true,
            "--tls12" => only_tls12 = true,
            "--certificate-file" => certificate_file = it.next(),
            other => panic!("unknown option {other}"),
        }
    }
    if starttls || o.implicit {
        o.tls = Some(tls(certificate_file.as_deref(), only_tls12)?);
    }
    let l = TcpListener::bind(&listen)?;
    if let Some(f) = port_file {
        std::fs::write(f, l.local_addr()?.port().to_string())?;
    }
    let st: &'static Stats = Box::leak(Box::default());
    let o: &'static Opts = Box::leak(Box::new(o));
    for s in l.incoming() {
        let s = s?;
        std::thread::Builder::new().stack_size(128 << 10).spawn(move || {
            let _ = connection(s, st, o);
        })?;
    }
    Ok(())
}
