//! Encodes MAIL with three parameters: `encode derived|written COUNT`.

use std::hint::black_box;

use smtp::command::{CommandSpec, Line, Stage, encode_into};
use smtp::extension::BodyKind;
use smtp::grammar::{Capabilities, ReplyCode, ReversePath};
use smtp::{Command, Reply, SmtpCommand};

#[derive(SmtpCommand)]
#[smtp(verb = "MAIL FROM:", stage = Mail, pipelining, transition(Idle => InTransaction))]
struct Derived {
    path: ReversePath,
    #[smtp(param = "SIZE", requires = "SIZE", raises = 26)]
    size: Option<u64>,
    #[smtp(param = "BODY", requires = "8BITMIME", raises = 17)]
    body: Option<BodyKind>,
    #[smtp(flag = "SMTPUTF8", requires = "SMTPUTF8", utf8, raises = 10)]
    smtputf8: bool,
}

/// As a person would write it, against the same trait.
struct Written {
    path: ReversePath,
    size: Option<u64>,
    body: Option<BodyKind>,
    smtputf8: bool,
}

impl Command for Written {
    type Reply = Reply;
    const SPEC: CommandSpec = CommandSpec::new("MAIL FROM:").stage(Stage::Mail).pipelining();

    fn encode(&self, line: &mut Line<'_>) {
        line.verb("MAIL FROM:");
        line.arg(&self.path);
        if let Some(size) = &self.size {
            line.require("SIZE");
            line.raise_limit(26);
            line.param("SIZE", size);
        }
        if let Some(body) = &self.body {
            line.require("8BITMIME");
            line.raise_limit(17);
            line.param("BODY", body);
        }
        if self.smtputf8 {
            line.require("SMTPUTF8");
            line.raise_limit(10);
            line.allow_utf8();
            line.flag("SMTPUTF8");
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().expect("derived or written");
    let count: usize = arguments.next().and_then(|count| count.parse().ok()).expect("a count");
    let offers = ["mail.example.org", "PIPELINING", "SIZE 10240000", "8BITMIME", "DSN", "SMTPUTF8"];
    let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, offers));
    let path = || ReversePath::try_from("someone@example.org").expect("an address");
    let (size, body, smtputf8) = (Some(2048), Some(BodyKind::EightBitMime), true);
    match kind.as_str() {
        "derived" => run(&Derived { path: path(), size, body, smtputf8 }, &capabilities, count),
        _ => run(&Written { path: path(), size, body, smtputf8 }, &capabilities, count),
    }
}

fn run<C: Command>(command: &C, capabilities: &Capabilities, count: usize) {
    let mut buffer = Vec::with_capacity(4096);
    for _ in 0..count {
        buffer.clear();
        encode_into(black_box(command), capabilities, &mut buffer).expect("a command");
        black_box(&buffer);
    }
    assert_eq!(buffer, b"MAIL FROM:<someone@example.org> SIZE=2048 BODY=8BITMIME SMTPUTF8\r\n");
}
