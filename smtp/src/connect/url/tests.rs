use std::fmt::Write as _;

use super::*;

fn read(url: &str) -> SmtpUrl {
    url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
}

fn refused(url: &str) -> UrlError {
    match url.parse::<SmtpUrl>() {
        Ok(read) => panic!("{url}: {read:?}"),
        Err(error) => error,
    }
}

#[test]
fn the_scheme_decides_about_tls_and_the_port() {
    let table = [
        ("smtp://mail.example.com", false, "mail.example.com", None),
        ("SMTP://mail.example.com/", false, "mail.example.com", None),
        ("smtps://mail.example.com", true, "mail.example.com", None),
        ("SmtpS://mail.example.com:8465?", true, "mail.example.com", Some(8465)),
        ("smtp://mail.example.com.:25", false, "mail.example.com.", Some(25)),
        ("smtp://192.0.2.1:025", false, "192.0.2.1", Some(25)),
        ("smtps://[2001:db8::1]", true, "2001:db8::1", None),
        ("smtps://[2001:db8::1]:465", true, "2001:db8::1", Some(465)),
        ("smtp://[fe80::1%25eth0]", false, "fe80::1%eth0", None),
        ("smtp://m\u{e4}il.example", false, "m\u{e4}il.example", None),
        ("smtp://my_relay:65535/?", false, "my_relay", Some(65535)),
    ];
    for (url, implicit, host, port) in table {
        let read = read(url);
        assert_eq!((read.implicit, &*read.host, read.port), (implicit, host, port), "{url}");
        assert!(read.credentials().is_none(), "{url}");
        let shown = format!("{:?}", read.submission());
        let port = port.unwrap_or(if implicit { 465 } else { 587 });
        assert!(shown.contains(&format!("port: {port}")), "{shown}");
        assert!(shown.contains(&format!("implicit: {implicit}")), "{shown}");
    }
}

#[test]
fn user_and_password_are_decoded() {
    let table: [(&str, &str, &[u8]); 6] = [
        ("me:pencil", "me", b"pencil"),
        ("me%40example.com:p%40ss", "me@example.com", b"p@ss"),
        ("a%3Ab:c:d%25%2f%3F%23+%20", "a:b", b"c:d%/?#+ "),
        ("a+b:%C3%BC", "a+b", "\u{fc}".as_bytes()),
        ("m\u{fc}ller:\u{fc}", "m\u{fc}ller", "\u{fc}".as_bytes()),
        ("me:%FF", "me", b"\xff"),
    ];
    for (written, user, password) in table {
        let url = read(&format!("smtps://{written}@mail.example.com"));
        let login = url.login.clone().expect("a login");
        assert_eq!((&*login.user, login.password.expose()), (user, password), "{written}");
        let credentials = format!("{:?}", url.credentials().expect("a login"));
        assert!(credentials.contains(&format!("user: {user:?}")), "{credentials}");
    }
}

#[test]
fn queries_are_few() {
    let url = read("smtp://me:pencil@h?name=client.example.&timeout=7&mechanism=scram-sha-256");
    let name = url.client_name.as_ref().expect("a name");
    assert_eq!(name.to_string(), "client.example");
    assert_eq!(url.timeout, Some(Duration::from_secs(7)));
    let mechanism = url.login.expect("a login").mechanism;
    assert_eq!(mechanism.as_deref(), Some("SCRAM-SHA-256"));
    let literal = read("smtp://h?&name=[IPv6:2001:db8::1]&");
    assert_eq!(literal.client_name.expect("a name").to_string(), "[IPv6:2001:db8::1]");
    let escaped = read("smtp://h?name=%5B192.0.2.1%5D");
    assert_eq!(escaped.client_name.expect("a name").to_string(), "[192.0.2.1]");
}

#[test]
fn each_mistake_has_its_error() {
    let unknown = |key: &str| UrlError::UnknownQuery(Some(key.into()));
    let table = [
        ("", UrlError::Scheme),
        ("mail.example.com", UrlError::Scheme),
        ("mail.example.com:587", UrlError::Scheme),
        ("http://mail.example.com", UrlError::Scheme),
        ("smtp:/mail.example.com", UrlError::Scheme),
        ("smtp+insecure://mail.example.com", UrlError::Scheme),
        (" smtp://h", UrlError::Character),
        ("smtp://h\n", UrlError::Character),
        ("smtp://me:pass word@h", UrlError::Character),
        ("smtp://me@x:pw@h", UrlError::Unescaped),
        ("smtp://me:p@w@h", UrlError::Unescaped),
        ("smtp://me:p/w@h", UrlError::Unescaped),
        ("smtp://me:p?w@h", UrlError::Unescaped),
        ("smtp://me:p#w@h", UrlError::Unescaped),
        ("smtp://h?name=a@b", UrlError::Unescaped),
        ("smtp://me:100%@h", UrlError::Percent),
        ("smtp://me:%4@h", UrlError::Percent),
        ("smtp://me:%zz@h", UrlError::Percent),
        ("smtp://me:%+1@h", UrlError::Percent),
        ("smtp://m%g0:pw@h", UrlError::Percent),
        ("smtp://me:a%00@h", UrlError::Nul),
        ("smtp://m%00e:a@h", UrlError::Nul),
        ("smtp://m%ff:a@h", UrlError::Utf8),
        ("smtp://@h", UrlError::NoUser),
        ("smtp://:pw@h", UrlError::NoUser),
        ("smtp://:@h", UrlError::NoUser),
        ("smtp://me@h", UrlError::NoPassword),
        ("smtp://me:@h", UrlError::NoPassword),
        ("smtp://", UrlError::Host),
        ("smtp:///", UrlError::Host),
        ("smtp://:25", UrlError::Host),
        ("smtp://me:pw@", UrlError::Host),
        ("smtp://a,b", UrlError::Host),
        ("smtp://a%2eb", UrlError::Host),
        ("smtp://::1", UrlError::Brackets),
        ("smtp://2001:db8::1", UrlError::Brackets),
        ("smtp://[::1", UrlError::Brackets),
        ("smtp://[127.0.0.1]", UrlError::Brackets),
        ("smtp://[mail.example.com]", UrlError::Brackets),
        ("smtp://[fe80::1%eth0]", UrlError::Brackets),
        ("smtp://[fe80::1%25]", UrlError::Brackets),
        ("smtp://[::1]25", UrlError::Port),
        ("smtp://h:", UrlError::Port),
        ("smtp://h:0", UrlError::Port),
        ("smtp://h:65536", UrlError::Port),
        ("smtp://h:99999999999", UrlError::Port),
        ("smtp://h:+25", UrlError::Port),
        ("smtp://h:smtp", UrlError::Port),
        ("smtp://h/path", UrlError::Path),
        ("smtp://h//", UrlError::Path),
        ("smtp://h#part", UrlError::Fragment),
        ("smtp://h/?name=a#", UrlError::Fragment),
        ("smtp://h?tls=none", unknown("tls")),
        ("smtp://h?verify=false", unknown("verify")),
        ("smtp://h?insecure", unknown("insecure")),
        ("smtp://h?Name=a", unknown("Name")),
        ("smtp://h?=a", UrlError::UnknownQuery(None)),
        ("smtp://h?a%20b=a", UrlError::UnknownQuery(None)),
        ("smtp://h?name=a&name=b", UrlError::QueryTwice("name")),
        ("smtp://h?name=", UrlError::Name),
        ("smtp://h?name=a_b", UrlError::Name),
        ("smtp://h?name=a%0D%0Ab", UrlError::Name),
        ("smtp://h?name=localhost", UrlError::Name),
        ("smtp://h?name=me.LocalHost.", UrlError::Name),
        ("smtp://h?name=localhost.localdomain", UrlError::Name),
        ("smtp://h?name=%ff", UrlError::Utf8),
        ("smtp://h?timeout=0", UrlError::Timeout),
        ("smtp://h?timeout=3601", UrlError::Timeout),
        ("smtp://h?timeout=5s", UrlError::Timeout),
        ("smtp://h?timeout", UrlError::Timeout),
        ("smtp://me:pw@h?mechanism=", UrlError::Mechanism),
        ("smtp://me:pw@h?mechanism=a%20b", UrlError::Mechanism),
        ("smtp://h?mechanism=PLAIN", UrlError::MechanismWithoutUser),
    ];
    let mut texts = std::collections::BTreeSet::new();
    for (url, error) in table {
        let refused = refused(url);
        assert_eq!(refused, error, "{url}");
        texts.insert(refused.to_string());
    }
    texts.extend([UrlError::NotSet, UrlError::NotUnicode].map(|error| error.to_string()));
    assert_eq!(texts.len(), 25, "each has a text of its own: {texts:#?}");
    assert!(texts.iter().all(|text| !text.ends_with(' ')), "{texts:#?}");
}

/// Percent-encodes all but letters and digits.
fn encode(text: &[u8]) -> String {
    text.iter().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(*byte));
        } else {
            write!(encoded, "%{byte:02x}").expect("memory");
        }
        encoded
    })
}

#[test]
fn all_that_is_encoded_comes_back() {
    let every: Vec<u8> = (1..=255).collect();
    for password in every.chunks(1).chain([&every[..]]) {
        let user = String::from_utf8_lossy(password);
        let url = format!("smtp://{}:{}@h", encode(user.as_bytes()), encode(password));
        let login = read(&url).login.expect("a login");
        assert_eq!((&*login.user, login.password.expose()), (&*user, password), "{url}");
    }
}
