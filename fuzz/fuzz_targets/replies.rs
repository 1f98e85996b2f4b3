//! Derived reply types on arbitrary replies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smtp::{Mailbox, Reply, SmtpReply};
use smtp::command::{FromReply, Verification};
use smtp::grammar::{Capabilities, Domain, EnhancedStatusCode, ForwardPath, ReplyCode, parser};
use smtp::grammar::parser::Parsed;
use smtp::grammar::parser::nom::{Parser as _};

#[derive(SmtpReply)]
#[allow(dead_code)]
enum Answer {
    #[smtp(code(250))]
    Text(#[smtp(text)] u64),
    #[smtp(code(251))]
    Parsed(#[smtp(text = pair)] (u64, Domain)),
    #[smtp(code(252))]
    Parts {
        #[smtp(word = 0)]
        first: String,
        #[smtp(word = 2)]
        third: Mailbox,
        #[smtp(key = "SIZE")]
        size: u64,
        #[smtp(key = "AGE")]
        age: Option<i8>,
        #[smtp(enhanced)]
        status: Option<EnhancedStatusCode>,
        #[smtp(code)]
        code: ReplyCode,
    },
    #[smtp(code(253))]
    Lines(#[smtp(lines)] Vec<String>),
    #[smtp(code(254))]
    Mailboxes(#[smtp(lines = parser::mailbox)] Vec<Mailbox>),
    #[smtp(code(255))]
    Path(#[smtp(text = parser::forward_path)] ForwardPath),
    #[smtp(code(2xx, 5xx))]
    Other(Reply),
}

/// `1*DIGIT SP Domain`
fn pair(input: &[u8]) -> Parsed<'_, (u64, Domain)> {
    (parser::number, parser::spaces, parser::domain).map(|(n, (), domain)| (n, domain)).parse(input)
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(reply) = Reply::from_frame(bytes.to_vec().into()) else {
        return;
    };
    if let Err(error) = Answer::from_reply(reply.clone()) {
        let (line, byte) = error.position().unwrap_or_default();
        let text = error.reply().lines().nth(line).expect("the line that it names");
        assert!(byte <= text.len(), "the byte that it names");
        let shown = error.to_string();
        assert!(shown.chars().all(|c| (' '..='~').contains(&c)), "{shown:?}");
    }
    let _ = Verification::from_reply(reply.clone());
    let capabilities = Capabilities::from_reply(&reply);
    let _ = (reply.text(), reply.message(), format!("{reply} {reply:?} {capabilities:?}"));
});
