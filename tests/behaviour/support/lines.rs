//! Reading a command is the inverse of writing it, for any value: each line is read by its ABNF and
//! by nothing of the library.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use smtp::command::{
    Atrn, Auth, Bdat, Burl, BurlLast, Command, Data, Ehlo, Etrn, Expn, Helo, Help, Lhlo, Mail,
    Noop, Quit, Rcpt, Rset, StartTls, Vrfy, WellKnown, XClient, XForward, encode,
};
use smtp::grammar::{Capabilities, Domain, Host, ReplyCode, SmtpString};
use smtp::{Mailbox, Reply};
use tests::support::commands;

use crate::behaviour::parameters::oracle;

/// The words after the verb of a command, which must fit into a line.
fn after<C: Command>(verb: &str, command: &C) -> String {
    let offers = commands().into_iter().flat_map(|row| row.offers);
    let all = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";
    let forward = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE";
    let offers = offers.copied().filter(|offer| !offer.starts_with('X')).chain([all, forward]);
    let lines = std::iter::once("mail.example.test").chain(offers);
    let offers = Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines));
    let line = encode(command, &offers).expect("a command");
    let line = String::from_utf8(line).expect("UTF-8");
    let line = line.strip_suffix("\r\n").expect("a line end");
    assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    let rest = line.strip_prefix(verb).unwrap_or_else(|| panic!("{verb}: {line}"));
    rest.strip_prefix(' ').unwrap_or(rest).to_owned()
}

/// `String = Atom / Quoted-string` (RFC 5321 §4.1.2), or an address.
fn string(text: &str) -> Option<String> {
    let special = |letter: char| letter.is_ascii_control() || "\"\\ ()<>[]:;,".contains(letter);
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return (!text.is_empty() && !text.contains(special)).then(|| text.to_owned());
    };
    let mut letters = inner.chars();
    let mut read = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => return None,
            '\\' => read.push(letters.next()?),
            letter => read.push(letter),
        }
    }
    Some(read)
}

/// `"<" Mailbox ">"`, alone in the line.
fn path(text: &str) -> Option<&str> {
    text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'))
}

fn domains() -> impl Strategy<Value = Domain> {
    "[a-z0-9]{1,10}(-[a-z0-9]{1,5})?(\\.[a-z]{1,10}){0,3}"
        .prop_filter_map("a domain", |text| text.parse().ok())
}

fn hosts() -> impl Strategy<Value = Host> {
    let literals = prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|ip| format!("[{ip}]")),
        any::<std::net::Ipv6Addr>().prop_map(|ip| format!("[IPv6:{ip}]")),
    ];
    prop_oneof![
        domains().prop_map(Host::from),
        literals.prop_filter_map("a literal", |text| text.parse().ok()),
    ]
}

fn mailboxes() -> impl Strategy<Value = Mailbox> {
    let local = prop_oneof!["[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}", "\"[a-z @=+]{1,20}\""];
    (local, domains())
        .prop_filter_map("an address", |(local, domain)| format!("{local}@{domain}").parse().ok())
}

/// The attributes of a line of XCLIENT or XFORWARD: `name "=" xtext`.
fn attributes(line: &str) -> Option<Vec<(String, String)>> {
    let attribute = |word: &str| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_owned(), oracle::xtext(value)?))
    };
    line.split(' ').map(attribute).collect()
}

#[test]
fn commands_without_an_argument() {
    assert_eq!(after("DATA", &Data), "");
    assert_eq!(after("RSET", &Rset), "");
    assert_eq!(after("NOOP", &Noop), "");
    assert_eq!(after("QUIT", &Quit), "");
    assert_eq!(after("STARTTLS", &StartTls), "");
    assert_eq!(after("HELP", &Help::new()), "");
    assert_eq!(after("ATRN", &Atrn::default()), "");
    assert_eq!(after("MAIL FROM:", &Mail::from(smtp::grammar::ReversePath::Null)), "<>");
}

proptest! {
    #[test]
    fn hellos(host in hosts()) {
        let text = host.to_string();
        prop_assert_eq!(after("EHLO", &Ehlo::new(host.clone())), text.clone());
        prop_assert_eq!(after("HELO", &Helo::new(host.clone())), text.clone());
        prop_assert_eq!(after("LHLO", &Lhlo::new(host)), text.clone());
        prop_assert!(text.parse::<Host>().is_ok());
    }

    #[test]
    fn paths(mailbox in mailboxes()) {
        let text = mailbox.to_string();
        let sender = after("MAIL FROM:", &Mail::from(&mailbox));
        prop_assert_eq!(path(&sender), Some(&*text));
        let recipient = after("RCPT TO:", &Rcpt::to(&mailbox));
        prop_assert_eq!(path(&recipient), Some(&*text));
        prop_assert_eq!(text.parse::<Mailbox>().ok(), Some(mailbox));
    }

    #[test]
    fn strings(text in "[ -~]{1,60}") {
        let argument: SmtpString = text.parse().expect("printable");
        let read = Some(text);
        prop_assert_eq!(&string(&after("VRFY", &Vrfy::new(argument.clone()))), &read);
        prop_assert_eq!(&string(&after("EXPN", &Expn::new(argument.clone()))), &read);
        prop_assert_eq!(&string(&after("HELP", &Help::new().on(argument))), &read);
    }

    #[test]
    fn strings_of_utf8(text in "[a-z\u{e4}\u{7528}\u{1f600} ]{1,30}") {
        let argument: SmtpString = text.parse().expect("no control characters");
        for line in [
            after("VRFY", &Vrfy::new(argument.clone()).smtputf8()),
            after("EXPN", &Expn::new(argument.clone()).smtputf8()),
        ] {
            prop_assert_eq!(line.strip_suffix(" SMTPUTF8").and_then(string), Some(text.clone()));
        }
    }

    #[test]
    fn chunks(bytes: u64, last: bool) {
        let bdat = if last { Bdat::last(bytes) } else { Bdat::chunk(bytes) };
        let line = after("BDAT", &bdat);
        let (digits, end) = line.split_once(' ').unwrap_or((&line, ""));
        prop_assert!(digits.bytes().all(|digit| digit.is_ascii_digit()));
        prop_assert_eq!((digits.parse(), end), (Ok(bytes), if last { "LAST" } else { "" }));
    }

    #[test]
    fn urls(url in "imap://[a-z0-9.]{1,20}/[!-~]{1,100}") {
        prop_assert_eq!(after("BURL", &Burl::new(url.as_str())), url.clone());
        let last = after("BURL", &BurlLast::new(url.as_str()));
        prop_assert_eq!(last.strip_suffix(" LAST"), Some(&*url));
    }

    #[test]
    fn queues(domain in domains(), queue in "[!-?A-~]{1,30}") {
        let text = domain.to_string();
        prop_assert_eq!(after("ETRN", &Etrn::Host(domain.clone())), text.clone());
        prop_assert_eq!(after("ETRN", &Etrn::Subdomains(domain)), format!("@{text}"));
        prop_assert_eq!(after("ETRN", &Etrn::Queue(queue.clone())), format!("#{queue}"));
    }

    #[test]
    fn turned_domains(domains in prop::collection::vec(domains(), 1..8)) {
        let line = after("ATRN", &Atrn::new(domains.clone()));
        let read: Result<Vec<Domain>, _> = line.split(',').map(str::parse).collect();
        prop_assert_eq!(read.ok(), Some(domains));
    }

    #[test]
    fn documents(name in "[ -~\u{e4}]{1,40}") {
        let line = after("WELLKNOWN", &WellKnown::new(name.as_str()));
        prop_assert_eq!(oracle::xtext(&line), Some(name));
    }

    #[test]
    fn logins(name in "[A-Z0-9_-]{1,20}", response in prop::option::of(prop::collection::vec(any::<u8>(), 0..200))) {
        let line = after("AUTH", &Auth::new(name.as_str(), response.clone().map(Into::into)));
        let (mechanism, initial) = match line.split_once(' ') {
            Some((mechanism, "=")) => (mechanism, Some(Vec::new())),
            Some((mechanism, initial)) => (mechanism, Some(STANDARD.decode(initial).expect("base64"))),
            None => (&*line, None),
        };
        prop_assert_eq!((mechanism, initial), (&*name, response));
    }

    #[test]
    fn other_clients(name in "[ -~]{1,60}", login in "[!-~]{1,60}", ip: std::net::IpAddr, port: u16, helo in domains()) {
        let address = match ip {
            std::net::IpAddr::V4(ip) => ip.to_string(),
            std::net::IpAddr::V6(ip) => format!("IPV6:{ip}"),
        };
        let client = XClient::new().name(&name).address(ip).port(port).login(&login).helo(helo.clone());
        let pair = |name: &str, value: &dyn ToString| (name.to_owned(), value.to_string());
        let expected = [pair("NAME", &name), pair("ADDR", &address), pair("PORT", &port),
            pair("LOGIN", &login), pair("HELO", &helo)];
        prop_assert_eq!(attributes(&after("XCLIENT", &client)), Some(expected.to_vec()));
        let origin = XForward::new().name(&name).address(ip).port(port).queue_id(&login).helo(helo.clone());
        let expected = [pair("NAME", &name), pair("ADDR", &address), pair("PORT", &port),
            pair("IDENT", &login), pair("HELO", &helo)];
        prop_assert_eq!(attributes(&after("XFORWARD", &origin)), Some(expected.to_vec()));
    }
}
