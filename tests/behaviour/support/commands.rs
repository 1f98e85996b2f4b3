//! Each command with a server that offers it, for each reply that its document names, and with one
//! that does not offer it.

use std::fmt::Debug;

use smtp::command::{
    Atrn, Burl, Etrn, Expn, Help, Mail, Noop, Rcpt, Rset, Vrfy, WellKnown, XClient, XForward,
};
use smtp::error::EncodeError;
use smtp::grammar::{Capabilities, Domain, ReplyCode, SmtpString};
use smtp::testing::Script;
use smtp::{Connection, Error, Plain, Refusal, Reply};
use tests::support::{CommandRow, commands, mailbox};
use tests::{authed, ehlo, greeted, script, secured, server};

/// The end of a session that goes on.
const ALIVE: &str = "C: NOOP\nS: 250 ok\n";

/// The command as it is written, and the code of the server's reply: none where it is not sent.
struct Said<'a> {
    row: &'a CommandRow,
    line: &'a str,
    code: Option<u16>,
}

impl Said<'_> {
    fn offers(&self) -> Vec<&'static str> {
        let offers = self.row.offers.iter().copied();
        let missing = |offer: &&str| offer.split(' ').next() == self.row.keyword;
        offers.filter(|offer| self.code.is_some() || !missing(offer)).collect()
    }

    /// The two lines, and those that follow where the command succeeds.
    fn dialogue(&self, success: &str) -> String {
        let Some(code) = self.code else { return String::new() };
        let taken = self.row.accepted.iter().any(|(accepted, _)| *accepted == code);
        let follows = if taken { success } else { "" };
        format!("C: {}\nS: {code} 3 <a@example.org>\n{follows}", self.line)
    }

    /// The connection's answer, in words, or the refusal.
    async fn run(&self) -> Result<String, Refusal> {
        match self.row.verb {
            "EHLO" | "HELO" | "LHLO" => self.hello().await,
            "STARTTLS" => self.starttls().await,
            "AUTH" => self.auth().await,
            "QUIT" => self.quit().await,
            "MAIL" => self.mail().await,
            "DATA" | "BDAT" => self.content().await,
            "RCPT" => self.rcpt().await,
            "BURL" => self.burl().await,
            "XCLIENT" => self.xclient().await,
            "ATRN" => self.atrn().await,
            _ => self.ask().await,
        }
    }

    async fn hello(&self) -> Result<String, Refusal> {
        let old = "C: EHLO client.example.test\nS: 502 what?\n";
        let before = if self.row.verb == "HELO" { old } else { "" };
        let line = self.line.replace("client.example", "client.example.test");
        let said = self.dialogue("").replace(self.line, &line);
        let after = if self.is_refused() { "C: QUIT" } else { "" };
        let dialogue = format!("S: 220 mail.example.test\n{before}{said}{after}");
        let (stream, peer) = Script::new(&dialogue).start();
        let result = if self.row.verb == "LHLO" {
            shown(Connection::lmtp_from_stream(stream, &server()).await.map(|_| ()))
        } else {
            shown(Connection::from_stream(stream, &server()).await.map(|_| ()))
        };
        peer.finish();
        result.map(|_| "250".to_owned())
    }

    fn is_refused(&self) -> bool {
        self.code.is_some_and(|code| self.row.refused.contains(&code))
    }

    async fn starttls(&self) -> Result<String, Refusal> {
        let tls = format!("-- tls --\n{}", ehlo(&[]));
        let (connection, peer) = greeted(script(&self.offers(), &self.dialogue(&tls))).await;
        let result = connection.starttls(&tests::trust(&peer)).await;
        peer.finish();
        shown(result.map(|_| ()))
    }

    async fn auth(&self) -> Result<String, Refusal> {
        let (connection, peer) = secured(&self.offers(), &self.dialogue("")).await;
        let result = connection.authenticate(&mut Plain::new("me", "pencil")).await;
        peer.finish();
        shown(result.map(|_| ()))
    }

    async fn quit(&self) -> Result<String, Refusal> {
        let (connection, peer) = greeted(script(&self.offers(), &self.dialogue(""))).await;
        let result = connection.quit_and_wait().await;
        peer.finish();
        shown(result)
    }

    async fn mail(&self) -> Result<String, Refusal> {
        let (connection, peer) = greeted(script(&self.offers(), &self.dialogue(""))).await;
        let result = connection.mail(Mail::from(mailbox("me@example.test"))).await;
        peer.finish();
        shown(result.map(|_| ()))
    }

    async fn rcpt(&self) -> Result<String, Refusal> {
        let end = "C: RSET\nS: 250 ok\n";
        let dialogue = format!("{MAIL}{}{end}", self.dialogue(""));
        let (connection, peer) = greeted(script(&self.offers(), &dialogue)).await;
        let begun = connection.mail(Mail::from(mailbox("me@example.test"))).await;
        let mut transaction = begun.expect("MAIL");
        let result = transaction.rcpt(Rcpt::to(mailbox("you@example.test"))).await;
        assert_eq!(transaction.accepted(), usize::from(result.is_ok()));
        transaction.reset().await.expect("the transaction is open");
        peer.finish();
        shown(result)
    }

    /// DATA, or BDAT with the message.
    async fn content(&self) -> Result<String, Refusal> {
        let chunk = self.row.verb == "BDAT";
        let (message, dot) =
            if chunk { ("C: x\n", "") } else { ("", "C: x\nC: .\nS: 250 taken\n") };
        let said = self.dialogue(dot);
        // The bytes of a chunk leave with its command.
        let said = said.replace("LAST\n", &format!("LAST\n{message}"));
        let rcpt = "C: RCPT TO:<you@example.test>\nS: 250 ok\n";
        let (connection, peer) =
            greeted(script(&self.offers(), &format!("{MAIL}{rcpt}{said}"))).await;
        let begun = connection.mail(Mail::from(mailbox("me@example.test"))).await;
        let mut transaction = begun.expect("MAIL");
        transaction.rcpt(Rcpt::to(mailbox("you@example.test"))).await.expect("RCPT");
        let result = if chunk { transaction.bdat("x").await } else { transaction.data("x").await };
        peer.finish();
        shown(result.map(|_| ()))
    }

    async fn burl(&self) -> Result<String, Refusal> {
        let end = "C: RSET\nS: 250 ok\n";
        let dialogue = format!("{MAIL}{}{end}", self.dialogue(""));
        let (connection, peer) = authed(&self.offers(), &dialogue).await;
        let begun = connection.mail(Mail::from(mailbox("me@example.test"))).await;
        let mut transaction = begun.expect("MAIL");
        let result = transaction.send(Burl::new("imap://a/1")).await;
        transaction.reset().await.expect("RSET");
        peer.finish();
        shown(result)
    }

    /// After 220 the session begins again.
    async fn xclient(&self) -> Result<String, Refusal> {
        let dialogue = self.dialogue(&ehlo(&["DSN"]));
        let (connection, peer) = greeted(script(&self.offers(), &dialogue)).await;
        let client = XClient::new().name("a+b").address([192, 0, 2, 7].into());
        let result = connection.transition(client).await;
        peer.finish();
        shown(result.map(|(connection, reply)| {
            assert!(connection.capabilities().has("DSN"));
            reply
        }))
    }

    async fn atrn(&self) -> Result<String, Refusal> {
        let (connection, peer) = authed(&self.offers(), &self.dialogue("")).await;
        let domains = ["a.example", "b.example"].map(domain);
        let result = connection.into_stream(Atrn::new(domains)).await;
        peer.finish();
        shown(result.map(|(_, reply)| reply))
    }

    /// A command that leaves the session as it is.
    async fn ask(&self) -> Result<String, Refusal> {
        let dialogue = self.dialogue("") + ALIVE;
        let (mut mail, peer) = greeted(script(&self.offers(), &dialogue)).await;
        let result = match self.row.verb {
            "NOOP" => shown(mail.send(Noop).await),
            "RSET" => shown(mail.send(Rset).await),
            "VRFY" => shown(mail.send(Vrfy::new(string("ada"))).await),
            "EXPN" => shown(mail.send(Expn::new(string("staff"))).await),
            "HELP" => shown(mail.send(Help::new().on(string("MAIL"))).await),
            "WELLKNOWN" => shown(mail.send(WellKnown::new("a b+c")).await),
            "ETRN" => shown(mail.send(Etrn::Host(domain("a.example"))).await),
            "XFORWARD" => {
                let origin = XForward::new().name("a+b").address([192, 0, 2, 7].into());
                shown(mail.send(origin).await)
            }
            verb => panic!("{verb} has no dialogue"),
        };
        mail.send(Noop).await.expect("the session goes on");
        peer.finish();
        result
    }
}

const MAIL: &str = "C: MAIL FROM:<me@example.test>\nS: 250 ok\n";

fn domain(name: &str) -> Domain {
    name.parse().expect("a domain")
}

fn string(text: &str) -> SmtpString {
    text.parse().expect("a string")
}

/// A success in words, or the refusal.
fn shown<T: Debug, E: Into<Error>>(result: Result<T, E>) -> Result<String, Refusal> {
    match result.map_err(Into::into) {
        Ok(success) => Ok(format!("{success:?}")),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(error) => panic!("the session is lost: {error}"),
    }
}

/// The last form of each row is the one that the dialogues send.
fn line(row: &CommandRow) -> &'static str {
    match row.lines {
        // Its first form begins a session here.
        [(first, _), ..] if row.verb == "EHLO" => first,
        [.., (last, _)] => last,
        [] => panic!("{} has no form", row.verb),
    }
}

#[test]
fn each_is_written_as_its_document_says() {
    for row in commands() {
        let lines = ["mail.example.test"].iter().chain(row.offers);
        let offers = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
        for (expected, encode) in row.lines {
            let line = encode(&offers).unwrap_or_else(|error| panic!("{expected}: {error}"));
            assert_eq!(String::from_utf8_lossy(&line), format!("{expected}\r\n"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn offered_and_accepted() {
    for row in &commands() {
        for &(code, read_as) in row.accepted {
            let said = Said { row, line: line(row), code: Some(code) };
            let result = said.run().await;
            let reply = result.unwrap_or_else(|refusal| panic!("{}: {code}: {refusal}", row.verb));
            assert!(reply.contains(read_as), "{} {code}: {reply}", row.verb);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn offered_and_refused() {
    for row in &commands() {
        for &code in row.refused {
            let said = Said { row, line: line(row), code: Some(code) };
            let result = said.run().await;
            let refusal = result.expect_err(row.verb);
            let found = refusal.reply().map(|reply| reply.code().value());
            assert_eq!(found, Some(code), "{}: {refusal}", row.verb);
            assert!(!refusal.is_local() && refusal.is_transient() == (code < 500), "{}", row.verb);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn not_offered() {
    let mut seen = 0;
    for row in commands().iter().filter(|row| row.is_required) {
        seen += 1;
        let refusal = Said { row, line: line(row), code: None }.run().await.expect_err(row.verb);
        assert!(refusal.is_local() && refusal.reply().is_none(), "{}: {refusal}", row.verb);
        let missing = refusal.encode_error().and_then(EncodeError::missing_keyword);
        // No mechanism is listed either, which is the first thing that a login asks.
        let expected = if row.verb == "AUTH" { None } else { row.keyword };
        assert_eq!(missing, expected, "{}: {refusal}", row.verb);
    }
    assert!(seen >= 10, "{seen} commands need a keyword");
}

/// Those that need no keyword are sent to a server that lists none.
#[tokio::test(start_paused = true)]
async fn not_listed_and_sent_all_the_same() {
    for mut row in commands() {
        let listed = row.keyword.take().is_some() && !row.is_required;
        let Some((code, read_as)) = row.accepted.first().copied() else { continue };
        if listed {
            row.offers = &[];
            let said = Said { row: &row, line: line(&row), code: Some(code) };
            let reply = said.run().await.expect(row.verb);
            assert!(reply.contains(read_as), "{}: {reply}", row.verb);
        }
    }
}
