//! Address literals: which are accepted, and how they are written again (RFC 5321 §4.1.3, RFC
//! 5952).

// A test that cannot go on fails, and says why.
#![allow(clippy::unwrap_used)]

use std::net::IpAddr;

use smtp_grammar::{AddressLiteral, Host};

#[test]
fn literals() {
    let table: &[(&str, Option<&str>)] = &[
        ("[1.2.3.4]", Some("[1.2.3.4]")),
        ("[01.2.3.4]", Some("[1.2.3.4]")),
        ("[001.010.099.000]", Some("[1.10.99.0]")),
        ("[255.255.255.255]", Some("[255.255.255.255]")),
        ("[1.2.3.256]", None),
        ("[0001.2.3.4]", None),
        ("[1.2.3]", None),
        ("[1.2.3.4.5]", None),
        ("[1.2.3.]", None),
        ("[1.2.3.+4]", None),
        ("[0x1.2.3.4]", None),
        ("[\u{661}.2.3.4]", None),
        ("[]", None),
        ("[", None),
        ("]", None),
        ("1.2.3.4", None),
        ("[1.2.3.4", None),
        ("[[1.2.3.4]]", None),
        ("[ 1.2.3.4]", None),
        ("[IPv6:::]", Some("[IPv6:::]")),
        ("[IPv6:::1]", Some("[IPv6:::1]")),
        ("[ipv6:::1]", Some("[IPv6:::1]")),
        ("[IPv6:2001:DB8::1]", Some("[IPv6:2001:db8::1]")),
        ("[IPv6:1:2:3:4:5:6:7:8]", Some("[IPv6:1:2:3:4:5:6:7:8]")),
        ("[IPv6:0001:2:3:4:5:6:7:8]", Some("[IPv6:1:2:3:4:5:6:7:8]")),
        ("[IPv6:1::2:3:4:5:6]", Some("[IPv6:1::2:3:4:5:6]")),
        ("[IPv6:1:2:3:0:5:6:7:8]", Some("[IPv6:1:2:3:0:5:6:7:8]")),
        ("[IPv6:1:2:3:4:5:6:1.2.3.4]", Some("[IPv6:1:2:3:4:5:6:102:304]")),
        ("[IPv6:::ffff:1.2.3.4]", Some("[IPv6:::ffff:1.2.3.4]")),
        ("[IPv6:::ffff:01.2.3.004]", Some("[IPv6:::ffff:1.2.3.4]")),
        ("[IPv6:::1.2.3.4]", Some("[IPv6:::102:304]")),
        ("[IPv6:1:2:3::4:1.2.3.4]", Some("[IPv6:1:2:3::4:102:304]")),
        // `::` stands for two groups at least.
        ("[IPv6:1::2:3:4:5:6:7]", None),
        ("[IPv6:::2:3:4:5:6:7:8]", None),
        ("[IPv6:1:2:3:4:5:6:7::]", None),
        ("[IPv6:1:2:3:4::5:1.2.3.4]", None),
        ("[IPv6:1:2:3:4:5:6:7:8:9]", None),
        ("[IPv6:1:2:3:4:5:6:7]", None),
        ("[IPv6:1:2:3:4:5:1.2.3.4]", None),
        ("[IPv6:1::2::3]", None),
        ("[IPv6:1:::2]", None),
        ("[IPv6:1:2:3:4:5:6:7:]", None),
        ("[IPv6:::12345]", None),
        ("[IPv6:::g]", None),
        ("[IPv6:::1.2.3.256]", None),
        ("[IPv6:::1.2.3.0004]", None),
        ("[IPv6:::1.2.3.4:5]", None),
        ("[IPv6:fe80::1%eth0]", None),
        ("[IPv6:1.2.3.4]", None),
        ("[IPv6:]", None),
        ("[IPv6::1]", None),
        ("[IPv6 :::1]", None),
        ("[IPv6]", None),
        ("[::1]", None),
        ("[TAG:x]", None),
        ("[IPv7:::1]", None),
        ("[IPvé:::1]", None),
    ];
    for &(text, expected) in table {
        let found = text.parse::<AddressLiteral>().map(|literal| literal.to_string());
        assert_eq!(found.as_deref().ok(), expected, "{text}");
        let again = expected.map(|text| text.parse::<AddressLiteral>().unwrap().to_string());
        assert_eq!(again.as_deref(), expected, "{text}, read again");
    }
}

#[test]
fn the_hosts_of_a_connection() {
    let table = [
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("::1", "[IPv6:::1]"),
        ("::ffff:192.0.2.1", "[192.0.2.1]"),
    ];
    for (address, expected) in table {
        let literal = AddressLiteral::from(address.parse::<IpAddr>().unwrap());
        assert_eq!(literal.to_string(), expected);
        assert_eq!(expected.parse(), Ok(literal));
        assert_eq!(literal.address(), address.parse::<IpAddr>().unwrap().to_canonical());
        assert_eq!(Host::from(literal).to_string(), expected);
        assert_eq!(expected.parse(), Ok(Host::Literal(literal)));
    }
}
