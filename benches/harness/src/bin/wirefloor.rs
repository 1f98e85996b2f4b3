//! The physical floor: prebuilt bytes onto a tokio TcpStream, replies counted
//! with the least scanning that still knows how many arrived. No library can
//! send the same protocol for less; the modes are the protocols to choose from.
//!
//! --mode lockstep   one command at a time                     (3 + rcpts round trips per message)
//!        pipelined  MAIL, RCPT.., DATA in one write; then body (2)
//!        overlap    the next MAIL, RCPT.., DATA after the final dot (1)
//!        bdat       MAIL, RCPT.., BDAT LAST and body in one write (1)
//!        window     bdat with --window messages in flight      (1 / window)

use bench_common::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Conn {
    s: TcpStream,
    buf: Vec<u8>,
    end: usize,
    env: Vec<u8>,
    lines: Vec<Vec<u8>>,
    body: Vec<u8>,
    all: Vec<u8>,
    first: bool,
    inflight: usize,
    left: usize,
}

impl Conn {
    /// Reads until `n` final reply lines ("NNN text") have arrived; all must be 2xx or 3xx.
    async fn replies(&mut self, mut n: usize) {
        let mut start = 0;
        loop {
            while let Some(i) = memchr::memchr(b'\n', &self.buf[start..self.end]) {
                let l = &self.buf[start..start + i];
                assert!(
                    l.len() > 3 && (l[0] == b'2' || l[0] == b'3'),
                    "{}",
                    String::from_utf8_lossy(l)
                );
                let fin = l[3] == b' ';
                start += i + 1;
                if fin {
                    n -= 1;
                    if n == 0 {
                        self.buf.copy_within(start..self.end, 0);
                        self.end -= start;
                        return;
                    }
                }
            }
            self.buf.copy_within(start..self.end, 0);
            self.end -= start;
            start = 0;
            let got = self.s.read(&mut self.buf[self.end..]).await.unwrap();
            assert!(got > 0);
            self.end += got;
        }
    }
    async fn put(&mut self, b: &[u8]) {
        self.s.write_all(b).await.unwrap();
    }
}

async fn connect(a: &'static Args) -> Conn {
    let s = TcpStream::connect(a.addr).await.unwrap();
    s.set_nodelay(true).unwrap();
    let msg = message(&a.kind, a.size);
    let bdat = matches!(a.mode.as_str(), "bdat" | "window");
    let mut lines = vec![format!("MAIL FROM:<{FROM}>\r\n").into_bytes()];
    for i in 0..a.rcpts {
        lines.push(format!("RCPT TO:<{}>\r\n", a.rcpt(i)).into_bytes());
    }
    if bdat {
        lines.push(format!("BDAT {} LAST\r\n", msg.len()).into_bytes());
    } else {
        lines.push(b"DATA\r\n".to_vec());
    }
    let env: Vec<u8> = lines.concat();
    let mut body = Vec::new();
    if bdat {
        body.extend_from_slice(msg);
    } else {
        let mut last = 0;
        for p in memchr::memmem::find_iter(msg, b"\r\n.") {
            body.extend_from_slice(&msg[last..p + 2]);
            body.push(b'.');
            last = p + 2;
        }
        body.extend_from_slice(&msg[last..]);
        body.extend_from_slice(b".\r\n");
    }
    let all = match a.mode.as_str() {
        "overlap" => [body.as_slice(), &env].concat(),
        "bdat" | "window" => [env.as_slice(), &body].concat(),
        _ => Vec::new(),
    };
    assert!(a.idle || a.messages % a.connections == 0, "--messages must divide by --connections");
    let left = if a.idle {
        a.messages
    } else if a.reuse {
        a.share(0)
    } else {
        1
    };
    let mut c = Conn {
        s,
        buf: vec![0; 16 << 10],
        end: 0,
        env,
        lines,
        body,
        all,
        first: true,
        inflight: 0,
        left,
    };
    c.replies(1).await;
    c.put(b"EHLO client.example\r\n").await;
    c.replies(1).await;
    c
}

async fn send(c: &mut Conn, a: &'static Args, _msg: &'static [u8]) {
    let n = a.rcpts + 2;
    c.left = c.left.saturating_sub(1);
    match a.mode.as_str() {
        "lockstep" => {
            for i in 0..c.lines.len() {
                let l = std::mem::take(&mut c.lines[i]);
                c.put(&l).await;
                c.lines[i] = l;
                c.replies(1).await;
            }
            let b = std::mem::take(&mut c.body);
            c.put(&b).await;
            c.body = b;
            c.replies(1).await;
        }
        "overlap" => {
            if c.first {
                let e = std::mem::take(&mut c.env);
                c.put(&e).await;
                c.env = e;
                c.replies(n).await;
                c.first = false;
            }
            if c.left > 0 {
                let b = std::mem::take(&mut c.all);
                c.put(&b).await;
                c.all = b;
                c.replies(1 + n).await;
            } else {
                let b = std::mem::take(&mut c.body);
                c.put(&b).await;
                c.body = b;
                c.replies(1).await;
            }
        }
        "bdat" => {
            let b = std::mem::take(&mut c.all);
            c.put(&b).await;
            c.all = b;
            c.replies(n).await;
        }
        "window" => {
            let b = std::mem::take(&mut c.all);
            c.put(&b).await;
            c.all = b;
            c.inflight += 1;
            if c.inflight == a.window || c.left == 0 {
                let k = c.inflight;
                c.inflight = 0;
                c.replies(n * k).await;
            }
        }
        _ => {
            let e = std::mem::take(&mut c.env);
            c.put(&e).await;
            c.env = e;
            c.replies(n).await;
            let b = std::mem::take(&mut c.body);
            c.put(&b).await;
            c.body = b;
            c.replies(1).await;
        }
    }
}

async fn quit(mut c: Conn) {
    c.put(b"QUIT\r\n").await;
    c.replies(1).await;
}

drive!("wirefloor");
