//! Secrets in memory that was given back: `freed [MECHANISM]`.
//!
//! Each mechanism authenticates in each way that an exchange can end, in clear and without TLS, so
//! that every buffer is the library's own. An allocator searches each block that the client gives
//! back for the secret and for the keys that are derived from it, in each form. A find fails the
//! program; with `FREED_TRACE=1` it shows where the block was given back.
//!
//! The stack is not searched, and nothing is inside TLS: the buffers of rustls are its own.

mod allocator;
mod needles;
mod server;

use std::future::ready;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use allocator::{Watching, unwatched, watched};
use needles::{SECRET, USER};
use server::End;
use smtp::auth::{
    AccessToken, CramMd5, Credentials, DigestMd5, Need, Ntlm, OAuthBearer, Otp, ScramSha1,
    ScramSha224, ScramSha256, ScramSha384, ScramSha512, XOauth2,
};
use smtp::connect::Cached;
use smtp::{Connection, Login, Mechanism, Plain, Secret, Server};

#[global_allocator]
static ALLOCATOR: Watching = Watching;

/// The name that the server offers, the name of the row, and the mechanism.
type Row = (&'static str, &'static str, fn() -> Box<dyn Mechanism>);

/// The secret, made where the program is not watched, so that it lives in the one buffer.
fn secret() -> Secret {
    unwatched(|| Secret::from(SECRET))
}

const ROWS: &[Row] = &[
    ("PLAIN", "PLAIN", || Box::new(Plain::new(USER, secret()))),
    ("LOGIN", "LOGIN", || Box::new(Login::new(USER, secret()))),
    ("LOGIN", "LOGIN with an initial response", || {
        Box::new(Login::new(USER, secret()).with_initial_response())
    }),
    ("CRAM-MD5", "CRAM-MD5", || Box::new(CramMd5::new(USER, secret()))),
    ("DIGEST-MD5", "DIGEST-MD5", || Box::new(DigestMd5::new(USER, secret()))),
    ("DIGEST-MD5", "DIGEST-MD5 in UTF-8", || Box::new(DigestMd5::new(USER, secret()).raw_utf8())),
    ("SCRAM-SHA-1", "SCRAM-SHA-1", || Box::new(ScramSha1::new(USER, secret()))),
    ("SCRAM-SHA-224", "SCRAM-SHA-224", || Box::new(ScramSha224::new(USER, secret()))),
    ("SCRAM-SHA-256", "SCRAM-SHA-256", || Box::new(ScramSha256::new(USER, secret()))),
    ("SCRAM-SHA-384", "SCRAM-SHA-384", || Box::new(ScramSha384::new(USER, secret()))),
    ("SCRAM-SHA-512", "SCRAM-SHA-512", || Box::new(ScramSha512::new(USER, secret()))),
    ("XOAUTH2", "XOAUTH2", || Box::new(XOauth2::new(USER, secret()))),
    ("OAUTHBEARER", "OAUTHBEARER", || Box::new(OAuthBearer::new(USER, secret()))),
    ("OTP", "OTP", || Box::new(Otp::new(USER, secret()))),
    ("OTP", "OTP with a new sequence", || Box::new(Otp::new(USER, secret()).renew(80, "ke1235"))),
    ("NTLM", "NTLM", || Box::new(Ntlm::new(USER, secret()))),
    ("SCRAM-SHA-256", "Credentials::password", || Box::new(Credentials::password(USER, secret()))),
    ("PLAIN", "Credentials::password, PLAIN", || Box::new(Credentials::password(USER, secret()))),
    ("OAUTHBEARER", "Credentials::token", || Box::new(Credentials::token(USER, secret()))),
    ("XOAUTH2", "Credentials::token_source", || {
        let source = |_: Need| ready(Ok(AccessToken::new(secret())));
        Box::new(Credentials::token_source(USER, Cached::new(source)))
    }),
];

const ENDS: [End; 7] =
    [End::Accepted, End::Refused, End::Unknown, End::Nonsense, End::Lie, End::Closed, End::Silent];

/// One exchange, and all that the client gives back afterwards. Says whether it was accepted.
async fn authenticate(address: SocketAddr, mechanism: &mut dyn Mechanism, end: End) -> bool {
    let server = Server::new(address.ip().to_string(), address.port());
    let connection = Connection::connect(&server).await.expect("EHLO");
    let call = connection.dangerous().authenticate(mechanism);
    if end == End::Silent {
        // The caller goes away while the server says nothing.
        let _ = tokio::time::timeout(Duration::from_millis(60), call).await;
        return false;
    }
    match call.await {
        Ok(connection) => drop(connection.quit().await),
        Err(error) => {
            drop(error.to_string());
            return false;
        }
    }
    true
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let needles = needles::all();
    let names: Vec<String> = needles.iter().map(|needle| needle.form.clone()).collect();
    allocator::look_for(needles);
    if !finds_a_copy() {
        println!("FAILED: a copy that was not wiped was not found");
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (mut cases, mut failures) = (0, 0);
    for (offered, name, make) in ROWS.iter().filter(|(_, name, _)| name.contains(&*wanted)) {
        for end in ENDS {
            let address = server::start(offered, end);
            let accepted = watched(|| {
                let mut mechanism = make();
                runtime.block_on(authenticate(address, &mut *mechanism, end))
            });
            cases += 1;
            if accepted != (end == End::Accepted) {
                failures += 1;
                println!("FAILED: {name}, {end:?}: accepted is {accepted}");
            }
            let (found, first) = allocator::take_finds();
            if found > 0 {
                failures += 1;
                let form = &names[first.needle];
                println!(
                    "FAILED: {name}, {end:?}: {found} times, first {form} in {} bytes",
                    first.size
                );
            }
        }
    }
    let blocks = allocator::blocks();
    println!("{cases} cases, {} forms, {blocks} blocks, {failures} failures", names.len());
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The program itself is right: a copy that is not wiped is found, and one that is wiped is not.
fn finds_a_copy() -> bool {
    watched(|| drop(std::hint::black_box(SECRET.to_owned())));
    let (copies, _) = allocator::take_finds();
    watched(|| drop(std::hint::black_box(secret())));
    let (wiped, _) = allocator::take_finds();
    copies > 0 && wiped == 0
}
