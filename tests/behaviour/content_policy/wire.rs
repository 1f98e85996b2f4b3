//! All that a client writes, and the rule that no byte beyond ASCII leaves undeclared.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// A stream that keeps what is written to it.
pub(super) struct Recorder {
    stream: DuplexStream,
    written: Arc<Mutex<Vec<u8>>>,
}

/// The bytes that were written to a stream.
#[derive(Clone)]
pub(super) struct Recorded(Arc<Mutex<Vec<u8>>>);

impl Recorder {
    pub(super) fn new(stream: DuplexStream) -> (Self, Recorded) {
        let written = Arc::default();
        (Self { stream, written: Arc::clone(&written) }, Recorded(written))
    }
}

impl AsyncRead for Recorder {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = polled {
            self.written.lock().expect("no panic").extend_from_slice(&bytes[..count]);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Recorded {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no panic").clone()
    }

    pub(super) fn holds(&self, part: &[u8]) -> bool {
        holds(&self.bytes(), part)
    }

    /// How many times MAIL was sent.
    pub(super) fn transactions(&self) -> usize {
        transactions(&self.bytes()).len()
    }

    /// The parameters of a MAIL.
    pub(super) fn parameters(&self, index: usize) -> String {
        let bytes = self.bytes();
        let mail = transactions(&bytes).get(index).map(|bytes| mail(bytes)).unwrap_or_default();
        mail.split_once("> ").map(|(_, parameters)| parameters.to_owned()).unwrap_or_default()
    }

    /// The rule, for every transaction.
    pub(super) fn check(&self, told: &str) {
        check(&self.bytes(), told);
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// The bytes from each MAIL on.
fn transactions(bytes: &[u8]) -> Vec<&[u8]> {
    const MAIL: &[u8] = b"MAIL FROM:";
    let begins: Vec<_> =
        (0..bytes.len()).filter(|&at| bytes[at..].starts_with(MAIL)).chain([bytes.len()]).collect();
    begins.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// The line of MAIL.
fn mail(transaction: &[u8]) -> String {
    let line = transaction.split(|&byte| byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).into_owned()
}

/// No byte beyond ASCII is in a transaction whose MAIL declares neither 8-bit content (RFC 6152) nor
/// SMTPUTF8; where it declares SMTPUTF8 alone, none is after the header (RFC 6531 §3.6).
pub(super) fn check(bytes: &[u8], told: &str) {
    let first = transactions(bytes).first().map_or(bytes.len(), |first| {
        bytes.len()
            - transactions(bytes).iter().map(|one| one.len()).sum::<usize>().max(first.len())
    });
    assert!(bytes[..first].is_ascii(), "{told}: before MAIL");
    for transaction in transactions(bytes).into_iter().filter(|bytes| !bytes.is_ascii()) {
        let mail = mail(transaction);
        let shown = transaction.escape_ascii();
        if mail.contains("BODY=8BITMIME") || mail.contains("BODY=BINARYMIME") {
            continue;
        }
        assert!(mail.contains("SMTPUTF8"), "{told}: undeclared: {shown}");
        let header = transaction.windows(4).position(|window| window == b"\r\n\r\n");
        let body = header.map_or(&[][..], |end| &transaction[end..]);
        assert!(body.is_ascii(), "{told}: not declared by SMTPUTF8 alone: {shown}");
    }
}

#[test]
fn the_rule_can_be_broken() {
    let mail = |parameters: &str, content: &str| {
        format!("EHLO a\r\nMAIL FROM:<>{parameters}\r\nRCPT TO:<a@b>\r\nDATA\r\n{content}\r\n.\r\n")
    };
    let broken = |text: &str| std::panic::catch_unwind(|| check(text.as_bytes(), "")).is_err();
    let table = [
        ("", "a: b\r\n\r\nc", false),
        ("", "a: b\r\n\r\n\u{fc}", true),
        ("", "a: \u{fc}\r\n\r\nc", true),
        (" BODY=7BIT", "a: \u{fc}\r\n\r\nc", true),
        (" BODY=8BITMIME", "a: b\r\n\r\n\u{fc}", false),
        (" SMTPUTF8", "a: \u{fc}\r\n\r\nc", false),
        (" SMTPUTF8", "a: \u{fc}\r\n\r\n\u{fc}", true),
    ];
    for (parameters, content, breaks) in table {
        assert_eq!(broken(&mail(parameters, content)), breaks, "{parameters} {content:?}");
    }
    assert!(broken("EHLO \u{fc}\r\n"));
}
