//! The vectors of MS-NLMP 4.2, whole messages that a program of another language has computed, and
//! challenges that are broken.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use smtp_grammar::Capabilities;

use super::keys::{nt_hash, upper_case};
use super::*;

/// The client challenge of MS-NLMP 4.2.1.
const CLIENT: [u8; 8] = [0xaa; 8];
/// `MsvAvNbDomainName` and `MsvAvNbComputerName` of MS-NLMP 4.2.4.
const DOMAIN: &str = "02000c0044006f006d00610069006e00";
const SERVER: &str = "01000c00530065007200760065007200";
/// `MsvAvTimestamp`: 2006-09-19, some time in the day.
const TIMESTAMP: &str = "070008000090d336b734c301";
/// An attribute that is not known.
const UNKNOWN: &str = "42420200dead";
const EOL: &str = "00000000";
/// `NEGOTIATE_UNICODE`, `NEGOTIATE_TARGET_INFO` and others.
const FLAGS: u32 = 0xe28a_8233;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}

/// A server's challenge: the target is named `Server`, the nonce is that of MS-NLMP 4.2.1.
fn challenge(flags: u32, info: &str) -> Vec<u8> {
    let info = unhex(info);
    let length = u16::try_from(info.len()).expect("a short list").to_le_bytes();
    let mut message = unhex("4e544c4d53535000020000000c000c0038000000");
    message.extend(flags.to_le_bytes());
    message.extend(unhex("0123456789abcdef0000000000000000"));
    message.extend([length[0], length[1], length[0], length[1], 0x44, 0, 0, 0]);
    message.extend(unhex("0601b11d0000000f530065007200760065007200"));
    message.extend(info);
    message
}

fn begin(mechanism: &mut Ntlm) -> Result<(), MechanismError> {
    let capabilities = Capabilities::none();
    mechanism.begin(&Facts::new("mail.example.test.", &capabilities))?;
    assert!(mechanism.initial_response()?.is_none(), "the server speaks first");
    Ok(())
}

fn response(step: Step) -> Vec<u8> {
    let Step::Respond(response) = step else { panic!("there is nothing to wait for") };
    response.expose().to_vec()
}

/// The last message, in answer to this challenge.
fn answer(mechanism: &mut Ntlm, challenge: &[u8]) -> Result<Vec<u8>, MechanismError> {
    begin(mechanism)?;
    let first = response(mechanism.respond(Challenge::new(0, b"ntlm supported, says =\xff="))?);
    let negotiate =
        "4e544c4d5353500001000000058208a0000000000000000000000000000000000000000000000000";
    assert_eq!(hex(&first), negotiate);
    assert!(!mechanism.is_complete());
    let text = STANDARD.encode(challenge);
    let last = response(mechanism.respond(Challenge::new(1, text.as_bytes()))?);
    assert!(mechanism.is_complete());
    Ok(last)
}

fn user() -> Ntlm {
    Ntlm::new("Domain\\User", "Password").workstation("COMPUTER").with_nonce(CLIENT)
}

/// The bytes of the field at this place of a message.
fn field(message: &[u8], at: usize) -> &[u8] {
    let length = usize::from(u16::from_le_bytes([message[at], message[at + 1]]));
    assert_eq!(message[at..at + 2], message[at + 2..at + 4], "the greatest length is the length");
    let offset = u32::from_le_bytes(message[at + 4..at + 8].try_into().expect("four bytes"));
    &message[usize::try_from(offset).expect("an offset")..][..length]
}

/// MS-NLMP 4.2.4.1 and 4.2.4.2, which have the time 0.
#[test]
fn the_vectors_of_ms_nlmp() {
    let key = ntowf_v2("Password", "User", "Domain");
    assert_eq!(hex(&*nt_hash("Password")), "a4f49c406510bdcab6824ee7c30fd852");
    assert_eq!(hex(&*key), "0c868a403bfd7a93a3001ef22ef02e3f");
    let nonces =
        Nonces { server: [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef], client: CLIENT };
    let info = TargetInfo::parse(&unhex(&format!("{DOMAIN}{SERVER}{EOL}"))).expect("a list");
    let proof = Proof::new(&key, &nonces, [0; 8], &info.encode().expect("a list"));
    assert_eq!(
        hex(proof.response.expose()),
        "68cd0ab851e51c96aabc927bebef6a1c\
         01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001\
         000c005300650072007600650072000000000000000000"
    );
    assert_eq!(hex(&*proof.session_key), "8de40ccadbc14a82f15cb0ad0de95ca3");
    let lm = lm_v2(&key, &nonces);
    assert_eq!(hex(lm.expose()), "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
}

/// Python's `hmac` and `hashlib` have computed the messages from the rules of MS-NLMP 3.1.5.1.2.
#[test]
fn a_server_that_tells_its_time_gets_a_mic() {
    let info = format!("{DOMAIN}{SERVER}{TIMESTAMP}{UNKNOWN}{EOL}");
    let message = answer(&mut user(), &challenge(FLAGS, &info)).expect("a message");
    assert_eq!(
        hex(&message),
        "4e544c4d53535000030000001800180058000000b200b200700000000c000c0022010000080008002e010000\
         1000100036010000000000004601000001828\
         8a000000000000000006cfbcdadef03dae153de578d7545006b\
         000000000000000000000000000000000000000000000000\
         100bf35bec811033958127c3b9edfa6201010000000000000090d336b734c301aaaaaaaaaaaaaaaa00000000\
         02000c0044006f006d00610069006e0001000c00530065007200760065007200070008000090d336b734c301\
         42420200dead06000400020000000a00100000000000000000000000000000000000\
         09002c0073006d00740070002f006d00610069006c002e006500780061006d0070006c0065002e0074006500\
         730074000000000000000000\
         44006f006d00610069006e005500730065007200\
         43004f004d0050005500540045005200"
    );
    // The server has flags of its own.
    let info = format!("{DOMAIN}0600040001000000{SERVER}{TIMESTAMP}{UNKNOWN}{EOL}");
    let message = answer(&mut user(), &challenge(FLAGS, &info)).expect("a message");
    assert_eq!(hex(&message[72..88]), "01f90b346060d33a031535216444dd66");
    assert_eq!(hex(&field(&message, 20)[..16]), "d6973b8507347d67ea1ea0ce7532744f");
}

/// The older response, the client's time and no MIC.
#[test]
fn a_server_that_does_not_tell_its_time() {
    let info = format!("{DOMAIN}{SERVER}{EOL}");
    let capabilities = Capabilities::none();
    let mut mechanism = user().target_name("SMTPSVC/x");
    let time = UNIX_EPOCH + Duration::from_secs(1);
    mechanism.begin(&Facts::new("h", &capabilities).with_time(time)).expect("it begins");
    mechanism.respond(Challenge::new(0, b"")).expect("the first message");
    let text = STANDARD.encode(challenge(FLAGS, &info));
    let step = mechanism.respond(Challenge::new(1, text.as_bytes())).expect("the last message");
    let message = response(step);
    let lm = "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa";
    assert_eq!((hex(field(&message, 12)), hex(&message[72..88])), (lm.to_owned(), "00".repeat(16)));
    let expected = format!(
        "0101000000000000{}aaaaaaaaaaaaaaaa00000000{DOMAIN}{SERVER}0a001000{}0900120053004d00540050\
         0053005600430\
         02f007800{EOL}00000000",
        hex(&116_444_736_010_000_000_u64.to_le_bytes()),
        "00".repeat(16)
    );
    assert_eq!(hex(&field(&message, 20)[16..]), expected);
}

/// Cyrus SASL sends a challenge without `TargetInfo`; servers of old leave out its field too.
#[test]
fn a_server_without_target_info() {
    let without = challenge(FLAGS & !0x0080_0000, "");
    for message in [&without[..], &challenge(FLAGS, ""), &short(&without)] {
        let message = answer(&mut user(), message).expect("a message");
        let temp = format!("0101000000000000{}{}0000000000000000", "00".repeat(8), "aa".repeat(8));
        assert_eq!(hex(&field(&message, 20)[16..]), format!("{temp}00000000"));
        assert_eq!(hex(&message[72..88]), "00".repeat(16));
    }
}

/// The challenge of 32 bytes: no target, and nothing after the nonce.
fn short(challenge: &[u8]) -> Vec<u8> {
    let mut short = challenge[..32].to_vec();
    short[12..20].fill(0);
    short
}

#[test]
fn challenges_that_are_broken() {
    let good = challenge(FLAGS, &format!("{DOMAIN}{EOL}"));
    let with = |at: usize, bytes: &[u8]| {
        let mut message = good.clone();
        message[at..at + bytes.len()].copy_from_slice(bytes);
        message
    };
    let none = "none of NTLM";
    let table = [
        ("empty", Vec::new(), none),
        ("another signature", with(0, b"ntlmssp\0"), none),
        ("the first message", with(8, &[1]), none),
        ("the last message", with(8, &[3]), none),
        ("a target past the end", with(16, &[0xff, 0, 0, 0]), none),
        ("a target at the greatest offset", with(16, &[0xff; 4]), none),
        ("a target that is too long", with(12, &[0xff, 0xff]), none),
        ("target info past the end", with(44, &[0xff, 0xff, 0xff, 0x7f]), none),
        ("target info that is too long", with(40, &[0xff, 0xff]), none),
        ("no Unicode", with(20, &[0x32]), "Unicode alone"),
    ];
    for (name, message, why) in table {
        let error = answer(&mut user(), &message).expect_err(name);
        assert!(error.to_string().contains(why), "{name}: {error}");
    }
    // Each message that ends too early. The list of attributes is its last part.
    for length in 0..good.len() {
        let mut mechanism = user();
        answer(&mut mechanism, &good[..length]).expect_err("a message that ends too early");
        assert!(!mechanism.is_complete());
    }
    answer(&mut user(), &good).expect("the whole message");
    let mut mechanism = user();
    begin(&mut mechanism).expect("it begins");
    mechanism.respond(Challenge::new(0, b"")).expect("the first message");
    mechanism.respond(Challenge::new(1, b"%%%")).expect_err("no base64");
    mechanism.respond(Challenge::new(2, b"")).expect_err("the exchange has failed");
}

#[test]
fn lists_of_attributes() {
    let table = [
        (EOL.to_owned(), true),
        (format!("{DOMAIN}{UNKNOWN}{TIMESTAMP}{EOL}"), true),
        (format!("{EOL}ffff"), true),
        (String::new(), false),
        (DOMAIN.to_owned(), false),
        (format!("{DOMAIN}0000"), false),
        (format!("{DOMAIN}00000100"), false),
        (format!("0000010000{EOL}"), false),
        (format!("02000d0044006f006d00610069006e00{EOL}"), false),
        (format!("0700070000000000000000{EOL}"), false),
        (format!("06000200020000{EOL}"), false),
        ("4242ffff".to_owned(), false),
    ];
    for (text, fits) in table {
        assert_eq!(TargetInfo::parse(&unhex(&text)).is_ok(), fits, "{text}");
    }
    // Those of a server that claims to speak for the client are replaced.
    let text = format!("09000200610042420200dead0a0001000f{EOL}");
    let mut info = TargetInfo::parse(&unhex(&text)).expect("a list");
    info.bind(b"b", [0x11; 16]);
    let encoded = hex(&info.encode().expect("a list"));
    assert_eq!(encoded, format!("{UNKNOWN}0a001000{}0900010062{EOL}", "11".repeat(16)));
}

/// A list that has no room for what the client adds.
#[test]
fn a_message_that_is_too_long() {
    let info = format!("4242f0ff{}{EOL}", "00".repeat(0xfff0));
    let error = answer(&mut user(), &challenge(FLAGS, &info)).expect_err("too long");
    assert!(error.to_string().contains("too long"), "{error}");
    let mut long = Ntlm::new("x".repeat(0x8000), "Password");
    let error = answer(&mut long, &challenge(FLAGS, EOL)).expect_err("too long");
    assert!(error.to_string().contains("too long"), "{error}");
}

/// Python's `hashlib` has computed the hash.
#[test]
fn the_channel_binding_of_a_certificate() {
    let hash: Vec<u8> = (0..32).collect();
    assert_eq!(hex(&channel_binding(&hash)), "8f1214c9c9cab8dc3bf866da9aba57a7");
    let mut bound = user();
    begin(&mut bound).expect("it begins");
    bound.channel = channel_binding(&hash);
    bound.respond(Challenge::new(0, b"")).expect("the first message");
    let text = STANDARD.encode(challenge(FLAGS, EOL));
    let step = bound.respond(Challenge::new(1, text.as_bytes())).expect("the last message");
    let message = hex(&response(step));
    assert!(message.contains("0a0010008f1214c9c9cab8dc3bf866da9aba57a7"), "{message}");
}

#[test]
fn names() {
    let table = [
        (Ntlm::new("User", "x"), "User", ""),
        (Ntlm::new("DOMAIN\\User", "x"), "User", "DOMAIN"),
        (Ntlm::new("DOMAIN\\a\\b", "x"), "a\\b", "DOMAIN"),
        (Ntlm::new("DOMAIN\\User", "x").domain("other"), "User", "other"),
        (Ntlm::new("user@example.com", "x"), "user@example.com", ""),
        (Ntlm::new("z\u{f6}\u{e9}\u{1f600}", "x"), "z\u{f6}\u{e9}\u{1f600}", ""),
    ];
    for (mut mechanism, user, domain) in table {
        let message = answer(&mut mechanism, &challenge(FLAGS, EOL)).expect("a message");
        assert_eq!(hex(field(&message, 36)), hex(utf16(user).expose()), "{user}");
        assert_eq!(hex(field(&message, 28)), hex(utf16(domain).expose()), "{domain}");
        assert_eq!(field(&message, 44), b"", "no workstation is named");
    }
    assert_eq!(hex(utf16("p\u{fc}\u{1f600}").expose()), "7000fc003dd800de");
    assert_eq!(upper_case("stra\u{df}e \u{e9}\u{434}\u{149}"), "STRA\u{df}E \u{c9}\u{414}\u{149}");
    assert_eq!(*ntowf_v2("p", "USER", "d"), *ntowf_v2("p", "user", "d"));
    assert_ne!(*ntowf_v2("p", "user", "D"), *ntowf_v2("p", "user", "d"));
}

/// Errors of the caller come before anything is sent.
#[test]
fn what_cannot_be_sent() {
    let table = [
        (Ntlm::new("", "x"), "must not be empty"),
        (Ntlm::new("DOMAIN\\", "x"), "must not be empty"),
        (Ntlm::new("User", ""), "must not be empty"),
        (Ntlm::new("Us\0er", "x"), "NUL"),
        (Ntlm::new("User", "x").domain("\0"), "NUL"),
        (Ntlm::new("User", "x").workstation("\0"), "NUL"),
        (Ntlm::new("User", &[0xff][..]), "not UTF-8"),
    ];
    for (mut mechanism, why) in table {
        let error = begin(&mut mechanism).expect_err(why);
        assert!(error.to_string().contains(why), "{mechanism:?}: {error}");
        assert!(!mechanism.is_complete());
    }
    let shown = format!("{:?}", user());
    assert!(shown.contains("Domain") && !shown.contains("Password"), "{shown}");
}

/// The FILETIME of the Unix epoch is 116444736000000000.
#[test]
fn times() {
    assert_eq!(file_time(UNIX_EPOCH), 116_444_736_000_000_000_u64.to_le_bytes());
    let later = UNIX_EPOCH + Duration::new(946_684_800, 123_456_789);
    assert_eq!(file_time(later), 125_911_584_001_234_567_u64.to_le_bytes());
    let before = UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(file_time(before), file_time(UNIX_EPOCH));
}
