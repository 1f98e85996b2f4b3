//! Commands that cannot be written, replies that cannot be read, and values that cannot be made.

use smtp::command::{CodePattern, CommandSpec, Line};
use smtp::grammar::Domain;
use smtp::pipeline::{NotSent, Outcome};
use smtp::state::{OpensContent, State, ValidIn};
use smtp::{Command, Envelope, Mailbox, Reply, SmtpCommand, SmtpReply};
use tests::{error, greeted, in_transaction, script};

use super::Seen;

/// A command that writes one thing that is wrong.
struct Wrong(fn(&mut Line<'_>));

impl Command for Wrong {
    type Reply = Reply;
    const SPEC: CommandSpec = CommandSpec::new("X-WRONG");

    fn encode(&self, line: &mut Line<'_>) {
        line.verb("X-WRONG");
        (self.0)(line);
    }
}

impl<S: State> ValidIn<S> for Wrong {}

/// A command after which the server waits, by `CODE`.
struct Opens<const CODE: u16>;

impl<const CODE: u16> Command for Opens<CODE> {
    type Reply = Reply;
    const SPEC: CommandSpec = CommandSpec::new("X-OPEN").accepts(if CODE == 350 {
        &[CodePattern::Class(3)]
    } else {
        &[CodePattern::Class(2)]
    });

    fn encode(&self, line: &mut Line<'_>) {
        line.verb("X-OPEN");
    }
}

impl<S: State> ValidIn<S> for Opens<350> {}
impl OpensContent for Opens<250> {}

pub(super) async fn commands() -> Vec<Seen> {
    let wrong: [fn(&mut Line<'_>); 12] = [
        |line| line.require("X-MISSING"),
        |line| line.require("REQUIRETLS"),
        |line| line.require_tls("X-SAFE"),
        |line| line.text("a\r\nQUIT"),
        |line| line.text("gr\u{fc}n"),
        |line| line.text(&"x".repeat(600)),
        |line| line.arg(""),
        |line| line.arg("two words"),
        |line| line.flag("KEY?"),
        |line| line.param("KEY", "a b"),
        |line| line.arg(&smtp::Secret::from("pencil")),
        |line| line.reject("is no number"),
    ];
    let mut seen = Vec::new();
    let (mut connection, _peer) = greeted(script(&[], "")).await;
    for wrong in wrong {
        seen.push(Seen::of(error(connection.send(Wrong(wrong)).await)));
    }
    seen.push(Seen::of(error(connection.send(Opens::<350>).await)));
    let (mut connection, _peer) = greeted(script(&["SMTPUTF8"], "")).await;
    seen.push(Seen::of(error(connection.send(Wrong(|line| line.text("gr\u{fc}n"))).await)));
    let (mut transaction, _peer) = in_transaction(&[], "C: RCPT *\nS: 250 ok").await;
    let you: Mailbox = "you@example.org".parse().expect("an address");
    transaction.rcpt(smtp::command::Rcpt::to(you)).await.expect("RCPT");
    seen.push(Seen::of(error(transaction.content(Opens::<250>, "x").await)));
    seen
}

#[derive(SmtpReply)]
#[expect(dead_code, reason = "it is never read")]
enum Count {
    #[smtp(code(250))]
    Of(u32),
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-COUNT", reply = Count, accepts(2xx), valid_in(any))]
struct CountThem;

pub(super) async fn others() -> Vec<Seen> {
    let mut seen = Vec::new();
    for reply in ["250 many", "251 many"] {
        let dialogue = format!("C: X-COUNT\nS: {reply}");
        let (mut connection, _peer) = greeted(script(&[], &dialogue)).await;
        seen.push(Seen::of(error(connection.send(CountThem).await)));
    }
    for not_sent in [NotSent::AfterRefused, NotSent::NoRecipients, NotSent::Lost] {
        seen.push(Seen::text(&Outcome::<()>::NotSent(not_sent)));
    }
    seen.push(Seen::text(&Outcome::<()>::Unknown));
    seen.push(Seen::of(Envelope::new("me", ["you@example.org"]).unwrap_err()));
    seen.push(Seen::of(Envelope::new("me@example.com", ["you@"]).unwrap_err()));
    let long = format!("{}@example.com", "a".repeat(65));
    seen.push(Seen::text(&long.parse::<Mailbox>().unwrap_err()));
    seen.push(Seen::text(&"a..b".parse::<Domain>().unwrap_err()));
    seen.push(Seen::text(&"me".parse::<Mailbox>().unwrap_err()));
    seen
}
