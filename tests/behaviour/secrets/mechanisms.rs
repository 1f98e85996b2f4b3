//! Each mechanism with its secret and the keys that are derived from it: nothing that the library
//! shows has them, whether the exchange succeeds or fails.

use std::fmt::{Debug, Write as _};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};
use smtp::auth::{
    Anonymous, CramMd5, Credentials, DigestMd5, Ntlm, OAuthBearer, Otp, ScramSha1, ScramSha224,
    ScramSha256, ScramSha384, ScramSha512, XOauth2,
};
use smtp::trace::Event;
use smtp::{Connection, Login, Mechanism, Plain};
use tests::server;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};

use super::Everything;

const USER: &str = "tester@example.test";
const PASSWORD: &str = "S3NT1NEL-7qzW-kX9v";
const SALT: &[u8] = b"a salt";

/// The end of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Accepted,
    Refused,
    /// A challenge that is none, after which the client gives up.
    Nonsense,
    /// A proof that is wrong, or the connection closes.
    Lie,
}

const ENDS: [End; 4] = [End::Accepted, End::Refused, End::Nonsense, End::Lie];

/// The answer to each line of the client: the text of a challenge, or none at the end.
type Answers = Box<dyn FnMut(usize, &str) -> Option<String> + Send>;

fn mac<D: hmac::EagerHash>(key: &[u8], text: &[u8]) -> Vec<u8>
where
    Hmac<D>: hmac::digest::KeyInit + hmac::digest::Mac,
{
    let mut mac = <Hmac<D> as hmac::digest::KeyInit>::new_from_slice(key).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The server's side of SCRAM.
fn scram<D: hmac::EagerHash + sha2::Digest>(end: End) -> Answers
where
    Hmac<D>: hmac::digest::KeyInit + hmac::digest::Mac,
{
    let (mut bare, mut server_first) = (String::new(), String::new());
    Box::new(move |turn, line| match turn {
        0 => {
            bare = line.split_once("n=").map(|(_, rest)| format!("n={rest}"))?;
            let nonce = bare.split_once("r=")?.1;
            server_first = format!("r={nonce}server,s={},i=4096", STANDARD.encode(SALT));
            Some(server_first.clone())
        }
        1 => {
            let without_proof = line.split_once(",p=")?.0;
            let message = format!("{bare},{server_first},{without_proof}");
            let key = mac::<D>(&salted::<D>(), b"Server Key");
            let mut proof = mac::<D>(&key, message.as_bytes());
            proof[0] ^= u8::from(end == End::Lie);
            Some(format!("v={}", STANDARD.encode(proof)))
        }
        _ => None,
    })
}

fn salted<D: hmac::EagerHash + sha2::Digest>() -> Vec<u8> {
    let mut salted = vec![0; <D as sha2::Digest>::output_size()];
    pbkdf2::pbkdf2_hmac::<D>(PASSWORD.as_bytes(), SALT, 4096, &mut salted);
    salted
}

/// The server's side of a mechanism whose challenges are always the same.
fn fixed(challenges: &'static [&'static str]) -> Answers {
    Box::new(move |turn, _| challenges.get(turn).map(|text| (*text).to_owned()))
}

/// The server's side of DIGEST-MD5, whose proof is always wrong.
fn digest_md5() -> Answers {
    fixed(&[
        "realm=\"example.test\",nonce=\"OA6MG9tEQGm2hh\",qop=\"auth\",charset=utf-8,\
         algorithm=md5-sess",
        "rspauth=00000000000000000000000000000000",
    ])
}

/// The messages of NTLM: the prompt, and a `CHALLENGE_MESSAGE` without target information.
const NTLM: &[&str] = &[
    "ntlm supported",
    "NTLMSSP\0\x02\0\0\0\0\0\0\0\0\0\0\0\x01\x02\x08\0\x01\x02\x03\x04\x05\x06\x07\x08\
     \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
];

trait Shown: Mechanism + Debug {}

impl<M: Mechanism + Debug> Shown for M {}

/// The name that the server offers, the mechanism, and the server's side.
type Row = (&'static str, Box<dyn Shown>, fn(End) -> Answers);

fn rows() -> Vec<Row> {
    let refusal: fn(End) -> Answers = |end| match end {
        End::Accepted => fixed(&[]),
        _ => fixed(&["{\"status\":\"401\"}"]),
    };
    vec![
        ("PLAIN", Box::new(Plain::new(USER, PASSWORD)), |_| fixed(&[])),
        ("LOGIN", Box::new(Login::new(USER, PASSWORD)), |_| fixed(&["Name:", "Password:"])),
        ("CRAM-MD5", Box::new(CramMd5::new(USER, PASSWORD)), |_| fixed(&["<1.2@example.test>"])),
        ("DIGEST-MD5", Box::new(DigestMd5::new(USER, PASSWORD)), |_| digest_md5()),
        ("SCRAM-SHA-1", Box::new(ScramSha1::new(USER, PASSWORD)), scram::<sha1::Sha1>),
        ("SCRAM-SHA-224", Box::new(ScramSha224::new(USER, PASSWORD)), scram::<sha2::Sha224>),
        ("SCRAM-SHA-256", Box::new(ScramSha256::new(USER, PASSWORD)), scram::<sha2::Sha256>),
        ("SCRAM-SHA-384", Box::new(ScramSha384::new(USER, PASSWORD)), scram::<sha2::Sha384>),
        ("SCRAM-SHA-512", Box::new(ScramSha512::new(USER, PASSWORD)), scram::<sha2::Sha512>),
        ("XOAUTH2", Box::new(XOauth2::new(USER, PASSWORD)), refusal),
        ("OAUTHBEARER", Box::new(OAuthBearer::new(USER, PASSWORD)), refusal),
        ("OTP", Box::new(Otp::new(USER, PASSWORD)), |_| fixed(&["otp-md5 99 ke1234 ext"])),
        ("NTLM", Box::new(Ntlm::new(USER, PASSWORD)), |_| fixed(NTLM)),
        ("ANONYMOUS", Box::new(Anonymous::new().trace("a test")), |_| fixed(&[])),
        ("SCRAM-SHA-256", Box::new(Credentials::password(USER, PASSWORD)), scram::<sha2::Sha256>),
        ("PLAIN", Box::new(Credentials::password(USER, PASSWORD)), |_| fixed(&[])),
        ("OAUTHBEARER", Box::new(Credentials::token(USER, PASSWORD)), refusal),
    ]
}

/// All that must not be shown, in each form that text has.
fn forms() -> Vec<String> {
    let mut secrets = vec![PASSWORD.as_bytes().to_vec()];
    let wide: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    macro_rules! keys {
        ($($hash:ty),*) => {$(
            let derived = salted::<$hash>();
            let client = mac::<$hash>(&derived, b"Client Key");
            secrets.push(<$hash as sha2::Digest>::digest(&client).to_vec());
            secrets.push(mac::<$hash>(&derived, b"Server Key"));
            secrets.extend([derived, client]);
        )*};
    }
    keys!(sha1::Sha1, sha2::Sha224, sha2::Sha256, sha2::Sha384, sha2::Sha512);
    secrets.push(Md5::digest(format!("{USER}:example.test:{PASSWORD}")).to_vec());
    let nt = Md4::digest(&wide).to_vec();
    let identity: Vec<u8> = USER.to_uppercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
    secrets.extend([mac::<Md5>(&nt, &identity), nt, wide]);
    let mut forms = vec![PASSWORD.to_owned()];
    for secret in secrets {
        let hex = secret.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        forms.extend([hex.to_uppercase(), hex, format!("{secret:?}").replace(['[', ']'], "")]);
        for shift in 0..3 {
            let shifted = [&vec![0; shift][..], &secret].concat();
            let encoded = STANDARD.encode(shifted);
            let encoded = encoded.trim_end_matches('=');
            forms.push(encoded[(shift * 4).div_ceil(3)..encoded.len() - 1].to_owned());
        }
    }
    forms
}

/// Serves one session: EHLO with this mechanism, and its exchange.
async fn serve(stream: DuplexStream, name: &str, mut answers: Answers, end: End) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let say = async |stream: &mut BufReader<DuplexStream>, text: &str| {
        stream.write_all(format!("{text}\r\n").as_bytes()).await.ok()
    };
    let hear = async |stream: &mut BufReader<DuplexStream>| {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok().filter(|count| *count > 0)?;
        Some(line.trim_end().to_owned())
    };
    say(&mut stream, "220 hi").await?;
    hear(&mut stream).await?;
    say(&mut stream, &format!("250-hi\r\n250 AUTH {name}")).await?;
    let auth = hear(&mut stream).await?;
    let mut line = auth.split(' ').nth(2).unwrap_or_default().to_owned();
    let decoded = |line: &str| {
        String::from_utf8_lossy(&STANDARD.decode(line).unwrap_or_default()).into_owned()
    };
    for turn in 0.. {
        let Some(challenge) = answers(turn, &decoded(&line)) else { break };
        let challenge = match end {
            End::Nonsense => "=nonsense=".to_owned(),
            _ => STANDARD.encode(challenge),
        };
        say(&mut stream, &format!("334 {challenge}")).await?;
        line = hear(&mut stream).await?;
        if line == "*" {
            say(&mut stream, "501 5.7.0 cancelled").await?;
            hear(&mut stream).await?;
        }
    }
    let reply = if end == End::Accepted { "235 2.7.0 welcome" } else { "535 5.7.8 no" };
    say(&mut stream, reply).await?;
    hear(&mut stream).await?;
    say(&mut stream, "221 bye").await
}

#[tokio::test(start_paused = true)]
async fn nothing_shows_a_secret_of_a_mechanism() {
    let forms = forms();
    let everything = Everything::default();
    let _guard = everything.listen();
    let observed = Arc::new(Mutex::new(String::new()));
    let mut accepted = 0;
    for (name, mut mechanism, answers) in rows() {
        for end in ENDS {
            let case = format!("{name} {end:?}");
            let seen = Arc::clone(&observed);
            let server = server().observer(move |event: &Event<'_>| {
                let _ = writeln!(seen.lock().expect("one thread"), "{event:?}");
            });
            let (client, stream) = duplex(1 << 16);
            let session = serve(stream, name, answers(end), end);
            let client = async {
                let connection = Connection::from_stream(client, &server).await.expect("EHLO");
                let mechanism: &mut dyn Mechanism = &mut *mechanism;
                let result = connection.dangerous().authenticate(mechanism).await;
                match result {
                    Ok(connection) => {
                        accepted += 1;
                        let shown = format!("{connection:?}");
                        connection.quit().await.expect("QUIT");
                        shown
                    }
                    Err(error) => {
                        let shown = format!("{error:?} {error}");
                        let error = smtp::Error::from(error);
                        let panics = AssertUnwindSafe(|| panic!("{error:?} {error}"));
                        let panic = std::panic::catch_unwind(panics);
                        let panic = panic.expect_err("it panics");
                        shown + panic.downcast_ref::<String>().expect("a text")
                    }
                }
            };
            let (shown, _) = tokio::join!(client, session);
            let traced = std::mem::take(&mut *everything.0.lock().expect("one thread"));
            let seen = std::mem::take(&mut *observed.lock().expect("one thread"));
            assert!(traced.contains("AUTH") && seen.contains("AUTH"), "{case}: {traced}");
            for form in &forms {
                for text in [&shown, &traced, &seen, &format!("{mechanism:?}")] {
                    assert!(!text.contains(&**form), "{case}: {form} in {text}");
                }
            }
        }
    }
    // All but DIGEST-MD5, whose server lies here.
    assert_eq!(accepted, rows().len() - 1);
}
