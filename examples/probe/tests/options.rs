//! The command line.

use crate::args::{Mode, Options};

fn parse(arguments: &str) -> Result<Option<Options>, String> {
    let arguments = lexopt::Parser::from_args(arguments.split_whitespace());
    Options::parse(arguments).map_err(|error| error.to_string())
}

#[test]
fn hosts_ports_and_modes() {
    let table = [
        ("mail.example.com", "mail.example.com:587", Mode::StartTls),
        ("mail.example.com:465", "mail.example.com:465", Mode::Implicit),
        ("mail.example.com --port 465", "mail.example.com:465", Mode::Implicit),
        ("mail.example.com:465 --starttls", "mail.example.com:465", Mode::StartTls),
        ("mail.example.com --implicit", "mail.example.com:465", Mode::Implicit),
        ("mail.example.com:25 --plain", "mail.example.com:25", Mode::Plain),
        ("2001:db8::1", "[2001:db8::1]:587", Mode::StartTls),
        ("[2001:db8::1]:25", "[2001:db8::1]:25", Mode::StartTls),
        ("[2001:db8::1]", "[2001:db8::1]:587", Mode::StartTls),
    ];
    for (arguments, target, mode) in table {
        let options = parse(arguments).expect(arguments).expect("no --help");
        assert_eq!((&*options.target(), options.mode), (target, mode), "{arguments}");
    }
    assert!(parse("--help").expect("help").is_none());
    let named = parse("192.0.2.1 --name mail.example.com").expect("options").expect("options");
    assert_eq!((named.identity(), &*named.target()), ("mail.example.com", "192.0.2.1:587"));
}

#[test]
fn wrong_uses() {
    let table = [
        ("a b", "unexpected argument \"b\"; --help lists them"),
        ("--nothing", "invalid option '--nothing'; --help lists them"),
        ("a --implicit --plain", "--implicit or --plain: one of them, not both"),
        ("a:0", "a port is a number from 1 to 65535, not \"0\""),
        ("a:b", "a port is a number from 1 to 65535, not \"b\""),
        ("a:25 --port 25", "the port is given twice: once is enough"),
        ("[::1", "\"[::1\" has no closing bracket"),
        ("[::1]25", "HOST is a name or an address, not \"[::1]25\""),
        ("b\u{fc}cher.example --name a", "with --name, give HOST in A-labels (xn--..)"),
        ("a --timeout 0", "--timeout takes seconds, such as 10 or 2.5, not \"0\""),
        ("a --password-file /dev/null", "--password-file needs --user"),
        (
            "--user me --password-file /dev/null",
            "--user needs a host: the server of the probe has its own user",
        ),
    ];
    for (arguments, text) in table {
        match parse(arguments) {
            Err(error) => assert_eq!(error, text, "{arguments}"),
            Ok(_) => panic!("{arguments} is wrong"),
        }
    }
    let missing = parse("a --root /not/there").map(drop).expect_err("no file");
    assert!(missing.starts_with("cannot read /not/there: "), "{missing}");
}
