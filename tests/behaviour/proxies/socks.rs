//! SOCKS5 and SOCKS4A.

use smtp::Server;
use smtp::error::{ProxyErrorKind as Kind, ProxyReply};
use smtp::testing::{Peer, Script};
use smtp::transport::proxy::{Socks4a, Socks5};
use tests::{server, server_named};

use super::{Scripts, ends_early, greets, lies, refused, scripted, session};

const ASKS: &[u8] = b"\x05\x01\0";
const OFFERS_LOGIN: &[u8] = b"\x05\x02\0\x02";
const LOGIN: &[u8] = b"\x01\x02me\x06pencil";
const CONNECT: &[u8] = b"\x05\x01\0\x03\x11mail.example.test\0\x19";
const CONNECTED: &[u8] = b"\x05\0\0\x01\xc0\0\x02\x07\x9c\x40";

fn socks5(script: Script) -> (Server, Peer) {
    scripted(script, |way| Socks5::new("proxy.example.test", 1080).connector(way))
}

fn with_login(script: Script) -> (Server, Peer) {
    scripted(script, |way| {
        Socks5::new("proxy.example.test", 1080).credentials("me", "pencil").connector(way)
    })
}

/// Up to the request.
fn asked() -> Script {
    Script::default().client_raw(ASKS).server_raw(b"\x05\0").client_raw(CONNECT)
}

#[tokio::test(start_paused = true)]
async fn the_proxy_gets_the_name() {
    // The address that a proxy says it connects from has one of three types, and means nothing.
    let from: [&[u8]; 5] = [
        CONNECTED,
        b"\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x19",
        b"\x05\0\0\x03\x05proxy\0\x19",
        b"\x05\0\0\x03\0\0\0",
        b"\x05\0\xff\x01\0\0\0\0\0\0",
    ];
    for reply in from {
        for fragment in [1, 1 << 20] {
            // The greeting comes in one piece with the reply, and belongs to the session.
            let script = asked().server_raw(reply).then(&greets()).fragmented(fragment);
            let (server, peer) = socks5(script);
            session(&server, &peer).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_is_made_where_the_proxy_wants_one() {
    let asked = Script::default().client_raw(OFFERS_LOGIN);
    // Some proxies answer the login with their own version.
    for accepted in [b"\x01\0", b"\x05\0"] {
        let script = asked.clone().server_raw(b"\x05\x02").client_raw(LOGIN).server_raw(accepted);
        let script = script.client_raw(CONNECT).server_raw(CONNECTED).then(&greets());
        let (server, peer) = with_login(script);
        session(&server, &peer).await;
    }

    let script = asked.server_raw(b"\x05\0").client_raw(CONNECT).server_raw(CONNECTED);
    let (server, peer) = with_login(script.then(&greets()));
    session(&server, &peer).await;
    assert!(!peer.written().windows(6).any(|bytes| bytes == b"pencil"));
}

#[tokio::test(start_paused = true)]
async fn addresses_go_to_the_proxy_as_addresses() {
    let to_v4 = b"\x05\x01\0\x01\xc0\0\x02\x19\x02\x4b";
    let to_v6 = b"\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x19\x02\x4b";
    let at = |address: &str| server().at([address.parse().expect(address)]);
    let table: [(Server, &[u8]); 5] = [
        (server_named("192.0.2.25", 587), to_v4),
        (at("192.0.2.25:587"), to_v4),
        (server_named("2001:db8::19", 587), to_v6),
        (server_named("[2001:db8::19]", 587), to_v6),
        (at("[2001:db8::19]:587"), to_v6),
    ];
    for (server, request) in table {
        let asked = Script::default().client_raw(ASKS).server_raw(b"\x05\0").client_raw(request);
        let (way, peers) = Scripts::start([asked.server_raw(CONNECTED).then(&greets())]);
        let server = server.connector(Socks5::new("proxy.example.test", 1080).connector(way));
        session(&server, &peers[0]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_u_label_goes_to_the_proxy_as_an_a_label() {
    let request = b"\x05\x01\0\x03\x13xn--mil-qla.example\0\x19";
    let asked = Script::default().client_raw(ASKS).server_raw(b"\x05\0").client_raw(request);
    let (way, peers) = Scripts::start([asked.server_raw(CONNECTED).then(&greets())]);
    let proxy = Socks5::new("pr\u{f6}xy.example", 1080).connector(way.clone());
    let server = server_named("m\u{e4}il.example", 25).connector(proxy);
    session(&server, &peers[0]).await;
    assert_eq!(way.targets()[0].host(), "xn--prxy-6qa.example");
}

#[tokio::test(start_paused = true)]
async fn each_lie_about_the_method_is_an_error() {
    let method = |code| Some(ProxyReply::Socks5Method(code));
    let before = || Script::default().client_raw(ASKS);
    lies(
        before,
        socks5,
        &[
            (b"\x05\xff", Kind::CredentialsRequired, method(255), "give a user and a password"),
            (b"\x05\x02", Kind::Protocol, method(2), "method of authentication 2, which was not"),
            (b"\x05\x01", Kind::Protocol, method(1), "method of authentication 1, which was not"),
            (b"\x05\x80", Kind::Protocol, method(128), "method of authentication 128"),
            (b"\x04\0", Kind::Protocol, None, "version 4 in place of 5"),
            (b"\0\x5b", Kind::Protocol, None, "version 0 in place of 5"),
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", Kind::Protocol, None, "version 72"),
            (b"220 mail.example.test\r\n", Kind::Protocol, None, "seems to speak something else"),
            (b"", Kind::Closed, None, "closed the connection before it had answered"),
            (b"\x05", Kind::Closed, None, "closed the connection before it had answered"),
        ],
    )
    .await;
    let before = || Script::default().client_raw(OFFERS_LOGIN);
    lies(
        before,
        with_login,
        &[
            (b"\x05\xff", Kind::CredentialsRequired, method(255), "which is all that this client"),
            (b"\x05\x01", Kind::Protocol, method(1), "which was not offered"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_lie_about_the_login_is_an_error() {
    let login = |code| Some(ProxyReply::Socks5Login(code));
    let before =
        || Script::default().client_raw(OFFERS_LOGIN).server_raw(b"\x05\x02").client_raw(LOGIN);
    lies(
        before,
        with_login,
        &[
            (b"\x01\x01", Kind::CredentialsRefused, login(1), "refuses the user and the password"),
            (b"\x01\xff", Kind::CredentialsRefused, login(255), "(status 255): correct them"),
            (b"\x05\x01", Kind::CredentialsRefused, login(1), "(status 1)"),
            (b"\x02\0", Kind::Protocol, None, "version 2 of a login"),
            (b"\x01", Kind::Closed, None, "closed the connection"),
        ],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_reply_of_a_socks5_proxy_is_an_error() {
    let reply = |code| Some(ProxyReply::Socks5(code));
    let of = |code: u8| [5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    let replies = (1..=9).chain([0xf0, 0xff]).map(of).collect::<Vec<_>>();
    let expected = [
        (Kind::Failed, "general failure (reply 1)"),
        (Kind::NotPermitted, "its rules do not permit it (reply 2); ask its owner"),
        (Kind::TargetUnreachable, "network unreachable (reply 3)"),
        (Kind::TargetUnreachable, "host unreachable (reply 4)"),
        (Kind::TargetUnreachable, "connection refused (reply 5)"),
        (Kind::TargetUnreachable, "TTL expired (reply 6)"),
        (Kind::NotSupported, "does not know the command CONNECT (reply 7)"),
        (Kind::NotSupported, "does not know this type of address (reply 8)"),
        (Kind::Failed, "a reply that RFC 1928 does not have (reply 9)"),
        (Kind::Failed, "(reply 240)"),
        (Kind::Failed, "(reply 255)"),
    ];
    let rows = replies.iter().zip(expected);
    let mut table: Vec<(&[u8], _, _, _)> =
        rows.map(|(lie, (kind, text))| (&lie[..], kind, reply(lie[1]), text)).collect();
    // A proxy that says no more than that is believed.
    table.push((b"\x05\x05", Kind::TargetUnreachable, reply(5), "mail.example.test:25"));
    table.push((b"\x04\0\0\x01", Kind::Protocol, None, "version 4 in place of 5"));
    table.push((b"\x05\0\0\x02\0\0", Kind::Protocol, None, "an address of the type 2"));
    table.push((b"\x05\0\0\0\0\0", Kind::Protocol, None, "an address of the type 0"));
    // Of an address that is shorter than it says.
    table.push((b"\x05\0\0\x03\xffproxy\0\x19", Kind::Closed, None, "closed"));
    table.push((b"\x05\0\0\x04\0\0\0\0\0\x19", Kind::Closed, None, "closed"));
    lies(asked, socks5, &table).await;
}

#[tokio::test(start_paused = true)]
async fn a_socks5_proxy_may_end_at_each_byte() {
    ends_early(socks5, &[(ASKS, b"\x05\0"), (CONNECT, CONNECTED)]).await;
    ends_early(
        with_login,
        &[
            (OFFERS_LOGIN, b"\x05\x02"),
            (LOGIN, b"\x01\0"),
            (CONNECT, b"\x05\0\0\x03\x05proxy\0\x19"),
        ],
    )
    .await;
}

/// Nothing is sent to a proxy that would be sent something else than the caller meant.
#[tokio::test(start_paused = true)]
async fn credentials_that_do_not_fit_are_not_sent() {
    let long = "x".repeat(256);
    for (user, password) in [("", "a"), ("a", ""), (&*long, "a"), ("a", &*long)] {
        let (way, _) = Scripts::start([Script::default()]);
        let proxy = Socks5::new("proxy.example.test", 1080).credentials(user, password);
        let refused = refused(&server().connector(proxy.connector(way.clone()))).await;
        assert_eq!(refused.kind, Kind::InvalidSettings, "{}", refused.lost);
        assert!(way.targets().is_empty(), "{}", refused.lost);
    }
    for user in ["a\0b", &long] {
        let (way, _) = Scripts::start([Script::default()]);
        let proxy = Socks4a::new("proxy.example.test", 1080).user(user).connector(way.clone());
        assert_eq!(refused(&server().connector(proxy)).await.kind, Kind::InvalidSettings);
        assert!(way.targets().is_empty());
    }
}

const NAMED: &[u8] = b"\x04\x01\0\x19\0\0\0\x01me\0mail.example.test\0";

fn socks4a(script: Script) -> (Server, Peer) {
    scripted(script, |way| Socks4a::new("proxy.example.test", 1080).user("me").connector(way))
}

#[tokio::test(start_paused = true)]
async fn socks4a_takes_names_and_ipv4() {
    for fragment in [1, 1 << 20] {
        let script = Script::default().client_raw(NAMED).server_raw(b"\0\x5a\0\x19\xc0\0\x02\x07");
        let (server, peer) = socks4a(script.then(&greets()).fragmented(fragment));
        session(&server, &peer).await;
    }
    let request = b"\x04\x01\0\x19\xc0\0\x02\x19\0";
    let script = Script::default().client_raw(request).server_raw(b"\0\x5a\0\0\0\0\0\0");
    let (way, peers) = Scripts::start([script.then(&greets())]);
    let proxy = Socks4a::new("proxy.example.test", 1080).connector(way);
    session(&server_named("192.0.2.25", 25).connector(proxy), &peers[0]).await;
}

#[tokio::test(start_paused = true)]
async fn socks4a_has_no_other_addresses() {
    for host in ["2001:db8::1", "0.0.0.1", "0.0.0.0"] {
        let (way, _) = Scripts::start([Script::default()]);
        let proxy = Socks4a::new("proxy.example.test", 1080).connector(way.clone());
        let refused = refused(&server_named(host, 25).connector(proxy)).await;
        assert_eq!(refused.kind, Kind::InvalidTarget, "{}", refused.lost);
        assert!(way.targets().is_empty(), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_reply_of_a_socks4_proxy_is_an_error() {
    let reply = |code| Some(ProxyReply::Socks4(code));
    lies(
        || Script::default().client_raw(NAMED),
        socks4a,
        &[
            (b"\0\x5b\0\0\0\0\0\0", Kind::Failed, reply(91), "rejected or failed (reply 91)"),
            (b"\0\x5c\0\0\0\0\0\0", Kind::CredentialsRefused, reply(92), "(identd) (reply 92)"),
            (b"\0\x5d\0\0\0\0\0\0", Kind::CredentialsRefused, reply(93), "another user (identd)"),
            (b"\0\0\0\0\0\0\0\0", Kind::Failed, reply(0), "does not have (reply 0)"),
            (b"\0\x5e\0\0\0\0\0\0", Kind::Failed, reply(94), "does not have (reply 94)"),
            (b"\x04\x5a\0\0\0\0\0\0", Kind::Protocol, None, "version 4 in place of 0"),
            (b"\x05\xff\0\0\0\0\0\0", Kind::Protocol, None, "version 5 in place of 0"),
            (b"220 mail.example.test\r\n", Kind::Protocol, None, "check host and port"),
        ],
    )
    .await;
    ends_early(socks4a, &[(NAMED, b"\0\x5a\0\0\0\0\0\0")]).await;
}
