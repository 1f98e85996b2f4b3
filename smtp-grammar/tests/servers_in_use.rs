//! EHLO replies of servers in use, read as their keywords.

// A test that cannot go on fails, and says why.
#![allow(clippy::expect_used)]

use smtp_grammar::{Capabilities, Reply, ReplyCode};

fn capabilities(lines: &[&str]) -> Capabilities {
    Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines))
}

/// Servers in use, as a line of keywords, with how many they list.
const SERVERS: &[(&str, &[&str], usize)] = &[
    (
        "Gmail",
        &[
            "smtp.gmail.com at your service",
            "SIZE 35882577",
            "8BITMIME",
            "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH",
            "ENHANCEDSTATUSCODES",
            "PIPELINING",
            "CHUNKING",
            "SMTPUTF8",
        ],
        7,
    ),
    (
        "Postfix",
        &[
            "mail.example.org",
            "PIPELINING",
            "SIZE 10240000",
            "VRFY",
            "ETRN",
            "STARTTLS",
            "AUTH PLAIN LOGIN",
            "AUTH=PLAIN LOGIN",
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "DSN",
            "SMTPUTF8",
            "CHUNKING",
        ],
        12,
    ),
    (
        "Exchange",
        &[
            "mail.example.org Hello [192.0.2.1]",
            "SIZE 37748736",
            "PIPELINING",
            "DSN",
            "ENHANCEDSTATUSCODES",
            "STARTTLS",
            "X-ANONYMOUSTLS",
            "AUTH NTLM",
            "X-EXPS GSSAPI NTLM",
            "8BITMIME",
            "BINARYMIME",
            "CHUNKING",
            "XRDST",
        ],
        12,
    ),
    (
        "mox",
        &[
            "mox.example",
            "PIPELINING",
            "SIZE 104857600",
            "REQUIRETLS",
            "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN",
            "FUTURERELEASE 5184000 2024-12-02T08:56:10Z",
            "LIMITS RCPTMAX=1000",
            "SMTPUTF8",
        ],
        7,
    ),
];

#[test]
fn servers_in_use() {
    for (name, lines, keywords) in SERVERS {
        let capabilities = capabilities(lines);
        assert_eq!(capabilities.iter().count(), *keywords, "{name}");
        for line in &lines[1..] {
            let keyword = line.split([' ', '=']).next().expect("a keyword");
            assert!(capabilities.has(keyword), "{name}: {keyword}");
            assert!(capabilities.has(&keyword.to_lowercase()), "{name}: {keyword}");
        }
        let greeting = lines[0].split(' ').next().expect("a name");
        assert_eq!(capabilities.greeting_domain(), greeting);
        assert!(!capabilities.has(greeting), "{name}: the first line is no keyword");
        assert_eq!(capabilities.raw_lines().count(), lines.len());
    }
}
