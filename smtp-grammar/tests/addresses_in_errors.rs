//! Errors of invalid addresses: each names the address, the byte that is wrong, and what to do.

use smtp_grammar::Mailbox;

#[test]
fn an_invalid_address_is_shown_with_advice() {
    let table = [
        (
            "Me <me@example.com>",
            "\"Me <me@example.com>\": not a valid local part from byte 3 on; give the address alone, \
             without a display name",
        ),
        (
            "a..b@example.com",
            "\"a..b@example.com\": not a valid local part from byte 2 on; write the part before the @ \
             in quotes: \"a..b\"@example.com",
        ),
        (
            "a@x.example,b@y.example",
            "\"a@x.example,b@y.example\": not a valid local part from byte 2 on; these are several \
             addresses: give each by itself",
        ),
        (
            "me@example.com ",
            "\"me@example.com \": not a valid domain from byte 15 on; remove the space around it",
        ),
        (
            "me@my_host.example",
            "\"me@my_host.example\": not a valid domain from byte 6 on; a domain holds letters, digits, \
             hyphens and dots",
        ),
        ("me", "\"me\": not a valid address: it has no @"),
        ("m\u{1b}e@x.example", "\"m\\x1be@x.example\": not a valid local part from byte 2 on"),
    ];
    for (address, expected) in table {
        let error = address.parse::<Mailbox>().expect_err(address);
        assert_eq!(error.to_string(), expected);
    }
    let long = format!("{}@", "x".repeat(5000));
    let text = long.parse::<Mailbox>().expect_err("no domain").to_string();
    assert!(text.len() < 200 && text.contains("x...\": "), "{text}");
}
