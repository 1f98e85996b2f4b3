//! Delivers 2 KiB messages whose commands have parameters: `parameters NAME|none COUNT`.
//!
//! The server is a stream in memory that answers each line, so that instructions are those of the
//! client and of a search for line ends. `parameters list` prints the names.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use smtp::command::{Mail, Rcpt};
use smtp::extension::{
    AskFeatures, AuthIdentity, DateTime, DeliverBy, EnvelopeId, HoldFor, HoldUntil, IgnoreQuota,
    MailParameter, MayBeLeftOut, MayConvert, Notify, NotifyBy, Optional, OriginalRecipient,
    Priority, RcptParameter, Ret, Solicitation, Submitter, ValidSince, Verp,
};
use smtp::grammar::Domain;
use smtp::{Connection, Envelope, Mailbox, Server};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const GREETING: &[u8] = b"220 mail.example.org\r\n";
const HELLO: &[u8] = b"250-mail.example.org\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n\
    250-8BITMIME\r\n250-DSN\r\n250-AUTH PLAIN\r\n250-DELIVERBY 60\r\n\
    250-FUTURERELEASE 3600 2030-01-01T00:00:00Z\r\n250-MT-PRIORITY MIXER\r\n250-NO-SOLICITING\r\n\
    250-CONPERM\r\n250-CONNEG\r\n250-SUBMITTER\r\n250-XVERP\r\n250-RRVS\r\n250 IGNOREQUOTA\r\n";

/// A server that says yes to everything.
struct Yes {
    replies: Vec<u8>,
    read: usize,
    content: bool,
    end: Vec<u8>,
}

impl Yes {
    fn line(&mut self, line: &[u8]) {
        self.replies.extend_from_slice(match line.first() {
            Some(b'E') => HELLO,
            Some(b'D') => {
                self.content = true;
                b"354 go\r\n"
            }
            Some(b'Q') => b"221 bye\r\n",
            _ => b"250 ok\r\n",
        });
    }
}

impl AsyncRead for Yes {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let replies = &this.replies[this.read..];
        if replies.is_empty() {
            return Poll::Pending;
        }
        let length = replies.len().min(buf.remaining());
        buf.put_slice(&replies[..length]);
        this.read += length;
        if this.read == this.replies.len() {
            (this.read, _) = (0, this.replies.clear());
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Yes {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut rest = buf;
        while !rest.is_empty() && !self.content {
            let end = memchr::memchr(b'\n', rest).expect("whole lines") + 1;
            self.line(&rest[..end]);
            rest = &rest[end..];
        }
        if self.content && !rest.is_empty() {
            let keep = &rest[rest.len().saturating_sub(5)..];
            self.end.extend_from_slice(keep);
            if self.end.ends_with(b"\r\n.\r\n") {
                self.content = false;
                self.end.clear();
                self.replies.extend_from_slice(b"250 taken\r\n");
            }
        }
        // The reply is here already.
        context.waker().wake_by_ref();
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().expect("an address")
}

fn mail(parameter: impl MailParameter) -> Envelope {
    let mail = Mail::from(mailbox("sender@example.org")).with(parameter);
    Envelope::from_mail(mail).recipient(Rcpt::to(mailbox("recipient@example.org")))
}

fn rcpt(parameter: impl RcptParameter) -> Envelope {
    let rcpt = Rcpt::to(mailbox("recipient@example.org")).with(parameter);
    Envelope::from_mail(Mail::from(mailbox("sender@example.org"))).recipient(rcpt)
}

/// A parameter that the server does not offer.
struct Unknown;

impl MailParameter for Unknown {
    fn into_parameter(self) -> smtp::extension::Parameter {
        smtp::extension::Parameter::flag("X-UNKNOWN", "X-UNKNOWN")
    }
}

impl MayBeLeftOut for Unknown {}

fn rows() -> Vec<(&'static str, Envelope)> {
    let time: DateTime = "2030-01-01T00:00:00Z".parse().expect("a time");
    let plain = Envelope::new("sender@example.org", ["recipient@example.org"]).expect("addresses");
    let two =
        mail(Ret::Headers).with(EnvelopeId::new("17.2030@client.example").expect("printable"));
    vec![
        ("none", plain),
        ("RET", mail(Ret::Headers)),
        ("ENVID", mail(EnvelopeId::new("17.2030@client.example").expect("printable"))),
        ("RET and ENVID", two),
        ("AUTH", mail(AuthIdentity::new(mailbox("sender@example.org")))),
        ("BY-N", mail(NotifyBy::seconds(120).expect("a time"))),
        ("BY-R", mail(DeliverBy::seconds(120).expect("a time"))),
        ("HOLDFOR", mail(HoldFor::seconds(3600).expect("a time"))),
        ("HOLDUNTIL", mail(HoldUntil::new(time))),
        ("MT-PRIORITY", mail(Priority::new(3).expect("a priority"))),
        ("SOLICIT", mail(Solicitation::new(["net.example:ADV"]).expect("a word"))),
        ("CONPERM", mail(MayConvert)),
        ("SUBMITTER", mail(Submitter::new(mailbox("sender@example.org")))),
        ("XVERP", mail(Verp::new())),
        ("NOTIFY", rcpt(Notify::FAILURE)),
        ("ORCPT", rcpt(OriginalRecipient::new(mailbox("recipient@example.org")))),
        ("RRVS", rcpt(ValidSince::new(time))),
        ("CONNEG", rcpt(AskFeatures)),
        ("IGNOREQUOTA", rcpt(IgnoreQuota)),
        ("optional", mail(Optional(Ret::Headers))),
        ("left-out", mail(Optional(Unknown))),
    ]
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().expect("a name");
    if name == "list" {
        return rows().iter().for_each(|(name, _)| println!("{name}"));
    }
    let count: usize = arguments.next().and_then(|count| count.parse().ok()).expect("a count");
    let (_, envelope) = rows().into_iter().find(|(row, _)| *row == name).expect("a row");
    let body: &'static [u8] =
        "A line of text that is as long as lines of mail are.\r\n".repeat(38).leak().as_bytes();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        let replies = GREETING.to_vec();
        let stream = Yes { replies, read: 0, content: false, end: Vec::new() };
        let client: Domain = "client.example".parse().expect("a domain");
        let server = Server::new("mail.example.org", 25).client_name(client);
        let mut connection = Connection::from_stream(stream, &server).await.expect("a session");
        for _ in 0..count {
            let receipt = connection.deliver(&envelope, body).await.expect("taken");
            assert!(receipt.is_complete());
            std::hint::black_box(&receipt);
        }
        connection.quit().await.expect("QUIT");
    });
}
