//! Reply parsing and dot-stuffing without sockets, of the clients that expose them.
//! Prints one JSON line per figure: ns per operation or MB/s, min/median/max of 9.

use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

const EHLO: &str = "250-mx.example.net at your service\r\n250-PIPELINING\r\n250-SIZE 157286400\r\n250-STARTTLS\r\n\
250-AUTH PLAIN LOGIN XOAUTH2\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n250-CHUNKING\r\n250 SMTPUTF8\r\n";
const OK: &str = "250 2.0.0 Ok: queued as 4ABCDEF0123\r\n";

fn ns(name: &str, n: usize, mut f: impl FnMut()) {
    let mut v: Vec<f64> = (0..9)
        .map(|_| {
            let t = Instant::now();
            for _ in 0..n {
                f();
            }
            t.elapsed().as_nanos() as f64 / n as f64
        })
        .collect();
    v.sort_by(f64::total_cmp);
    println!(
        "{{\"what\":\"{name}\",\"unit\":\"ns\",\"min\":{:.1},\"median\":{:.1},\"max\":{:.1}}}",
        v[0], v[4], v[8]
    );
}
fn mbs(name: &str, bytes: usize, mut f: impl FnMut()) {
    let mut v: Vec<f64> = (0..9)
        .map(|_| {
            let t = Instant::now();
            f();
            bytes as f64 / t.elapsed().as_secs_f64() / 1e6
        })
        .collect();
    v.sort_by(f64::total_cmp);
    println!(
        "{{\"what\":\"{name}\",\"unit\":\"MB/s\",\"min\":{:.0},\"median\":{:.0},\"max\":{:.0}}}",
        v[0], v[4], v[8]
    );
}

/// A server in memory: swallows writes, answers from a canned, endless list.
#[derive(Debug)]
struct Fake {
    replies: Vec<u8>,
    pos: usize,
    tail: &'static [u8],
    polls: u64,
}
impl Fake {
    fn new(first: &str) -> Fake {
        Fake { replies: first.as_bytes().to_vec(), pos: 0, tail: OK.as_bytes(), polls: 0 }
    }
    fn rest(&mut self) -> &[u8] {
        if self.pos >= self.replies.len() {
            self.replies = self.tail.to_vec();
            self.pos = 0;
        }
        &self.replies[self.pos..]
    }
}
impl AsyncRead for Fake {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        b: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        // One line a read: a peer that reads ahead must not see the next reply early.
        let r = self.rest();
        let n = (memchr::memchr(b'\n', r).unwrap() + 1).min(b.remaining());
        b.put_slice(&r[..n]);
        self.pos += n;
        Poll::Ready(Ok(()))
    }
}
impl AsyncBufRead for Fake {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<&[u8]>> {
        Poll::Ready(Ok(self.get_mut().rest()))
    }
    fn consume(mut self: Pin<&mut Self>, n: usize) {
        self.pos += n;
    }
}
impl AsyncWrite for Fake {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        b: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.polls += 1;
        black_box(b);
        Poll::Ready(Ok(b.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
impl lettre::transport::smtp::client::AsyncTokioStream for Fake {
    fn peer_addr(&self) -> std::io::Result<std::net::SocketAddr> {
        Ok("127.0.0.1:25".parse().unwrap())
    }
}

/// The least a reply parser can do: find the line, check the code.
fn floor_reply(b: &[u8]) -> (u16, usize) {
    let mut at = 0;
    loop {
        let n = memchr::memchr(b'\n', &b[at..]).unwrap();
        let l = &b[at..at + n];
        let code = l[..3].iter().fold(0u16, |a, d| a * 10 + (d - b'0') as u16);
        at += n + 1;
        if l[3] == b' ' {
            return (code, at);
        }
    }
}

fn main() {
    let n = 200_000;
    ns("EHLO reply: floor (lines and code only)", n, || {
        black_box(floor_reply(black_box(EHLO.as_bytes())));
    });
    // As in a session: the bytes are a part of the buffer that was read into, shared with it.
    let ehlo = Bytes::copy_from_slice(EHLO.as_bytes());
    ns("EHLO reply: ours (Reply + Capabilities)", n, || {
        let reply = smtp::Reply::from_frame(black_box(&ehlo).clone()).unwrap();
        black_box(smtp::grammar::Capabilities::from_reply(&reply));
    });
    ns("EHLO reply: smtp-proto", n, || {
        black_box(smtp_proto::EhloResponse::parse(&mut black_box(EHLO.as_bytes()).iter()).unwrap());
    });
    ns("EHLO reply: smtp-codec", n, || {
        black_box(smtp_codec::parse::response::ehlo_ok_rsp(black_box(EHLO.as_bytes())).unwrap());
    });
    ns("EHLO reply: lettre (Response + ServerInfo)", n / 4, || {
        let r: lettre::transport::smtp::response::Response = black_box(EHLO).parse().unwrap();
        black_box(lettre::transport::smtp::extension::ServerInfo::from_response(&r).unwrap());
    });
    ns("EHLO reply: async-smtp (Response + ServerInfo)", n / 4, || {
        let r: async_smtp::response::Response = black_box(EHLO).parse().unwrap();
        black_box(async_smtp::extension::ServerInfo::from_response(&r).unwrap());
    });
    ns("250 reply: floor", n * 4, || {
        black_box(floor_reply(black_box(OK.as_bytes())));
    });
    let ok = Bytes::copy_from_slice(OK.as_bytes());
    ns("250 reply: ours", n * 4, || {
        black_box(smtp::Reply::from_frame(black_box(&ok).clone()).unwrap());
    });
    ns("250 reply: smtp-proto", n, || {
        let mut p = smtp_proto::response::parser::ResponseReceiver::default();
        black_box(p.parse(&mut black_box(OK.as_bytes()).iter()).unwrap());
    });
    ns("250 reply: lettre", n, || {
        black_box(black_box(OK).parse::<lettre::transport::smtp::response::Response>().unwrap());
    });
    ns("250 reply: async-smtp", n, || {
        black_box(black_box(OK).parse::<async_smtp::response::Response>().unwrap());
    });

    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let greet = format!("220 mx.example.net ESMTP\r\n{EHLO}");
    for (kind, size) in
        [("typical", 64 << 20), ("dots", 64 << 20), ("dotsmax", 16 << 20), ("typical", 2048)]
    {
        let msg = bench_common::message(kind, size);
        let reps = (1 << 20) / size.min(1 << 20);
        let tag = if size == 2048 {
            format!("{kind} 2 KiB")
        } else {
            format!("{kind} {} MiB", size >> 20)
        };
        mbs(&format!("body write, {tag}: mail-send write_message"), size * reps, || {
            rt.block_on(async {
                let mut c = mail_send::SmtpClient {
                    stream: Fake::new(""),
                    timeout: Duration::from_secs(600),
                };
                for _ in 0..reps {
                    c.write_message(black_box(msg)).await.unwrap();
                }
            })
        });
        mbs(&format!("body write, {tag}: lettre message()"), size * reps, || {
            rt.block_on(async {
                let hello =
                    lettre::transport::smtp::extension::ClientId::Domain("c.example".into());
                let mut c =
                    lettre::transport::smtp::client::AsyncSmtpConnection::connect_with_transport(
                        Box::new(Fake::new(&greet)),
                        &hello,
                    )
                    .await
                    .unwrap();
                for _ in 0..reps {
                    c.message(black_box(msg)).await.unwrap();
                }
            })
        });
        mbs(&format!("body write, {tag}: async-smtp send()"), size * reps, || {
            rt.block_on(async {
                let mut c = async_smtp::SmtpTransport::new(
                    async_smtp::SmtpClient::new().pipelining(false),
                    tokio::io::BufWriter::new(Fake::new(&greet)),
                )
                .await
                .unwrap();
                for _ in 0..reps {
                    let env = async_smtp::Envelope::new(None, vec!["a@b.example".parse().unwrap()])
                        .unwrap();
                    c.send(async_smtp::SendableEmail::new_with_reader(env, Box::new(msg)))
                        .await
                        .unwrap();
                }
            })
        });
        mbs(
            &format!("body write, {tag}: floor (memmem, slices gathered into 64 KiB)"),
            size * reps,
            || {
                let mut buf = vec![0u8; 64 << 10];
                for _ in 0..reps {
                    let mut o = 0;
                    let mut put = |mut s: &[u8]| {
                        while !s.is_empty() {
                            let k = s.len().min(buf.len() - o);
                            buf[o..o + k].copy_from_slice(&s[..k]);
                            o += k;
                            s = &s[k..];
                            if o == buf.len() {
                                black_box(&buf);
                                o = 0;
                            }
                        }
                    };
                    let mut last = 0;
                    for p in memchr::memmem::find_iter(black_box(msg), b"\n.") {
                        put(&msg[last..p + 1]);
                        put(b".");
                        last = p + 1;
                    }
                    put(&msg[last..]);
                }
            },
        );
    }
}
