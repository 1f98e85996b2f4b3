//! The chapter of the guide is what the table says.

use std::path::Path;

use tests::support::{Evidence, Witness, commands, keywords, markdown, parameters};

#[test]
fn the_chapter_shows_the_table() {
    let chapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../smtp/src/guide/support.md");
    let written = markdown();
    if std::env::var_os("WRITE_SUPPORT").is_some() {
        std::fs::write(&chapter, &written).expect("the chapter");
    }
    let found = std::fs::read_to_string(&chapter).expect("the chapter");
    let line = found.lines().zip(written.lines()).find(|(found, written)| found != written);
    assert!(
        found == written,
        "smtp/src/guide/support.md is not what the table says: write it with WRITE_SUPPORT=1 cargo \
         test -p tests --test behaviour the_chapter_shows_the_table. The first difference: {line:?}"
    );
}

#[test]
fn two_servers_verify_and_two_builds_of_one_do_not() {
    use Witness::{Aiosmtpd, Exim, EximWithLimits, Postfix};
    let table: [(&[Witness], &str); 5] = [
        (&[], "*dialogue*"),
        (&[Exim], "*seen by one*: Exim"),
        (&[EximWithLimits, Exim], "*seen by one*: Exim"),
        (&[Postfix, Exim], "*verified*: Exim, Postfix"),
        (&[Postfix, Aiosmtpd, Postfix], "*verified*: aiosmtpd, Postfix"),
    ];
    for (servers, expected) in table {
        assert_eq!(Evidence::of(servers).to_string(), expected);
    }
}

/// The rows that are promised to be verified, and to be seen.
#[test]
fn what_is_promised_of_real_servers() {
    let keyword = |name: &str| {
        let row = keywords().into_iter().find(|row| row.keyword == name);
        Evidence::of(&row.unwrap_or_else(|| panic!("{name}")).servers())
    };
    let verified = ["DSN", "SMTPUTF8", "XCLIENT", "XFORWARD", "ETRN", "CHUNKING"];
    for name in verified {
        assert!(matches!(keyword(name), Evidence::Verified(_)), "{name}: {}", keyword(name));
    }
    for row in parameters().iter().filter(|row| row.extension == "DSN") {
        let evidence = Evidence::of(row.servers);
        assert!(matches!(evidence, Evidence::Verified(_)), "{}: {evidence}", row.own());
    }
    let lmtp = commands().into_iter().find(|row| row.verb == "LHLO").expect("LMTP");
    assert!(matches!(Evidence::of(lmtp.servers), Evidence::Verified(_)));
    let seen = [
        ("PRDR", "Exim"),
        ("LIMITS", "Exim"),
        ("BURL", "Dovecot"),
        ("REQUIRETLS", "smtp-server"),
        ("XVERP", "Postfix"),
    ];
    for (name, server) in seen {
        assert_eq!(keyword(name), Evidence::SeenByOne(server), "{name}");
    }
}
