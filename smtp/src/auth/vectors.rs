//! The samples of the standards and of other implementations, each as a dialogue, byte for byte.
//!
//! Not used: two samples that are known to be wrong, the SHA-1 one of RFC 2444 (its digest is folded
//! in the other order of bytes than RFC 2289 says) and the initial response of RFC 7628 §4.4 (its
//! header is none of GS2). Not here, because a connection has its own: those of a channel binding.

use crate::auth::{
    Anonymous, CramMd5, DigestMd5, External, OAuthBearer, Otp, ScramSha1, ScramSha256, ScramSha512,
    XOauth2,
};
use crate::testing::Script;
use crate::{Connection, Login, Mechanism, Plain, Server, TlsConfig};

/// The source, the mechanism, and the lines from AUTH on.
type Row = (&'static str, Box<dyn Mechanism>, &'static [&'static str]);

// A table.
#[allow(clippy::too_many_lines)]
fn rows() -> Vec<Row> {
    vec![
        (
            "RFC 4616 §4, example 1",
            Box::new(Plain::new("tim", "tanstaaftanstaaf")),
            &["C: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "S: 235 2.7.0 ok"],
        ),
        (
            "RFC 4616 §4, example 2",
            Box::new(Plain::new("Kurt", "xipj3plmq").acting_as("Ursel")),
            &["C: AUTH PLAIN VXJzZWwAS3VydAB4aXBqM3BsbXE=", "S: 235 2.7.0 ok"],
        ),
        (
            "RFC 4954 §4.1",
            Box::new(Plain::new("test", "1234").acting_as("test")),
            &["C: AUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=", "S: 235 2.7.0 ok"],
        ),
        (
            "RFC 4468 §3.4",
            Box::new(Plain::new("harry", "accio").acting_as("harry")),
            &["C: AUTH PLAIN aGFycnkAaGFycnkAYWNjaW8=", "S: 235 2.7.0 ok"],
        ),
        (
            "prompts in capitals",
            Box::new(Login::new("tim", "pencil")),
            &[
                "C: AUTH LOGIN",
                "S: 334 VXNlcm5hbWU6",
                "C: dGlt",
                "S: 334 UGFzc3dvcmQ6",
                "C: cGVuY2ls",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "prompts in small letters",
            Box::new(Login::new("tim", "pencil")),
            &[
                "C: AUTH LOGIN",
                "S: 334 dXNlcm5hbWU6",
                "C: dGlt",
                "S: 334 cGFzc3dvcmQ6",
                "C: cGVuY2ls",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 2195 §2",
            Box::new(CramMd5::new("tim", "tanstaaftanstaaf")),
            &[
                "C: AUTH CRAM-MD5",
                "S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+",
                "C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 2831 §4, for IMAP",
            Box::new(
                DigestMd5::new("chris", "secret").with_nonce("OA6MHXh6VqTrRk").for_service("imap"),
            ),
            &[
                "C: AUTH DIGEST-MD5",
                "S: 334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9\
                 wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==",
                "C: Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29\
                 tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUm\
                 siLGRpZ2VzdC11cmk9ImltYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9ZDM4OGRhZDkwZ\
                 DRiYmQ3NjBhMTUyMzIxZjIxNDNhZjcscW9wPWF1dGg=",
                "S: 334 cnNwYXV0aD1lYTQwZjYwMzM1YzQyN2I1NTI3Yjg0ZGJhYmNkZmZmZA==",
                "C:",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 2831 §4, for ACAP",
            Box::new(
                DigestMd5::new("chris", "secret").with_nonce("OA9BSuZWMSpW8m").for_service("acap"),
            ),
            &[
                "C: AUTH DIGEST-MD5",
                "S: 334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTlCU1hyYnVSaFdheSIscW9\
                 wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==",
                "C: Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29\
                 tIixub25jZT0iT0E5QlNYcmJ1UmhXYXkiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E5QlN1WldNU3BXOG\
                 0iLGRpZ2VzdC11cmk9ImFjYXAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9NjA4NGM2ZGIzZ\
                 mVkZTczNTJjNTUxMjg0NDkwZmQwZmMscW9wPWF1dGg=",
                "S: 334 cnNwYXV0aD0yZjBiM2Q3YzNjMmU0ODY2MDBlZjcxMDcyNmFhMmVhZQ==",
                "C:",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 2831 §4 with the service of SMTP, computed by another program",
            Box::new(
                DigestMd5::new("chris", "secret").with_nonce("OA6MHXh6VqTrRk").for_service("smtp"),
            ),
            &[
                "C: AUTH DIGEST-MD5",
                "S: 334 cmVhbG09ImVsd29vZC5pbm5vc29mdC5jb20iLG5vbmNlPSJPQTZNRzl0RVFHbTJoaCIscW9\
                 wPSJhdXRoIixhbGdvcml0aG09bWQ1LXNlc3MsY2hhcnNldD11dGYtOA==",
                "C: Y2hhcnNldD11dGYtOCx1c2VybmFtZT0iY2hyaXMiLHJlYWxtPSJlbHdvb2QuaW5ub3NvZnQuY29\
                 tIixub25jZT0iT0E2TUc5dEVRR20yaGgiLG5jPTAwMDAwMDAxLGNub25jZT0iT0E2TUhYaDZWcVRyUm\
                 siLGRpZ2VzdC11cmk9InNtdHAvZWx3b29kLmlubm9zb2Z0LmNvbSIscmVzcG9uc2U9NTJmZjQ0OTA3Z\
                 jcyMzE0NDgxYjVjMDk4YzcwOGViZjMscW9wPWF1dGg=",
                "S: 334 cnNwYXV0aD04NDEwNmVlNWNiODVjNDI2ZTdlZjkyOGRiMGU0OWJmYQ==",
                "C:",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 5802 §5",
            Box::new(ScramSha1::new("user", "pencil").with_nonce("fyko+d2lbbFgONRv9qkxdawL")),
            &[
                "C: AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM",
                "S: 334 cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUit\
                 RNnNlazhiZjkyLGk9NDA5Ng==",
                "C: Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djB\
                 YOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==",
                "S: 334 dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9",
                "C:",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 7677 §3",
            Box::new(ScramSha256::new("user", "pencil").with_nonce("rOprNGfwEbeRWgbNEkqO")),
            &[
                "C: AUTH SCRAM-SHA-256 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=",
                "S: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCx\
                 zPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=",
                "C: Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEY\
                 kazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==",
                "S: 334 dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==",
                "C:",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "of other clients",
            Box::new(ScramSha512::new("user", "pencil").with_nonce("rOprNGfwEbeRWgbNEkqO")),
            &[
                "C: AUTH SCRAM-SHA-512 biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=",
                "S: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTzAyNDMxYjA4LTJmODktNGJhZC1hNGU2LTgwYzA1NjR\
                 lYzg2NSxzPVlpbjJGdUhUdC9NMGtKV2IwdDlPSTMybjJWbU9HaTNtK0pmak92dURGODg9LGk9NDA5Ng\
                 ==",
                "C: Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8wMjQzMWIwOC0yZjg5LTRiYWQtYTRlNi04MGM\
                 wNTY0ZWM4NjUscD1IYzV5ZWMzTm1DRDd0K2tGUnc0LzN5RDYvRjNTUUhjN0FWWXNjaFJqYStCYzNzYm\
                 RqbEEwZUgxT2pKYzBERDRnaG4xdG5YTjUvV3I2cW05eG1hSHQ0QT09",
                "S: 334 dj1CUXVobktIcVlEd1FXUzVqQXc0c1plZCtDOUtGVUFMc2JycTgxYkIwbWgrYmNVVWJiTVB\
                 OTm1CSXVwblMyQW15eURuRzVDVEJRdGtqSjlreVk0a3ptdz09",
                "C:",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 7677 §3 for another user, computed by another program",
            Box::new(
                ScramSha256::new("us=er,x", "pencil")
                    .acting_as("adm=in")
                    .with_nonce("rOprNGfwEbeRWgbNEkqO"),
            ),
            &[
                "C: AUTH SCRAM-SHA-256 bixhPWFkbT0zRGluLG49dXM9M0Rlcj0yQ3gscj1yT3ByTkdmd0ViZVJX\
                 Z2JORWtxTw==",
                "S: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCx\
                 zPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=",
                "C: Yz1iaXhoUFdGa2JUMHpSR2x1TEE9PSxyPXJPcHJOR2Z3RWJlUldnYk5Fa3FPJWh2WURwV1VhMlJ\
                 hVENBZnV4RklsailoTmxGJGswLHA9UVM3SDVubnRpK3I1M2QwSFdNb09hVi9NVWtXeWhMc0N0d0lNbm\
                 s3UlorOD0=",
                "S: 334 dj0vT1l0Rm1xUmpaSVhjZjAzRHRyWmZtQWp0TWt1bWFObExYMEZpelJScGRVPQ==",
                "C:",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "Google's sample",
            Box::new(XOauth2::new(
                "someuser@example.com",
                "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
            )),
            &[
                "C: AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOW\
                 RmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "Google's sample, refused",
            Box::new(XOauth2::new(
                "someuser@example.com",
                "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
            )),
            &[
                "C: AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOW\
                 RmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==",
                "S: 334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM\
                 6Ly9tYWlsLmdvb2dsZS5jb20vIn0K",
                "C:",
                "S: 535-5.7.8 Username and Password not accepted",
                "S: 535 5.7.8 no",
            ],
        ),
        (
            "RFC 7628 §4.1 at the port of submission",
            Box::new(
                OAuthBearer::new("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
                    .server("server.example.com", 587),
            ),
            &[
                "C: AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY2\
                 9tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZM\
                 jl0Q2c9PQEB",
                "S: 235 2.7.0 ok",
            ],
        ),
        (
            "RFC 7628 §4.4, the answer to a token",
            Box::new(
                OAuthBearer::new("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
                    .server("server.example.com", 587),
            ),
            &[
                "C: AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY2\
                 9tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZM\
                 jl0Q2c9PQEB",
                "S: 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NoZW1lcyI6ImJlYXJlciBtYWMiLCJzY29\
                 wZSI6Imh0dHBzOi8vbWFpbC5leGFtcGxlLmNvbS8ifQ==",
                "C: AQ==",
                "S: 535-5.7.1 Username and Password not accepted. Learn more at",
                "S: 535 5.7.1 http://support.example.com/mail/oauth",
            ],
        ),
        (
            "RFC 7628 §4.3",
            Box::new(OAuthBearer::discovery("user@example.com").server("server.example.com", 143)),
            &[
                "C: AUTH OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY2\
                 9tAXBvcnQ9MTQzAWF1dGg9AQE=",
                "S: 334 eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3B\
                 lbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC\
                 1jb25maWd1cmF0aW9uIn0=",
                "C: AQ==",
                "S: 535 5.7.1 no",
            ],
        ),
        (
            "RFC 4422 App. A.2, without a name",
            Box::new(External::new()),
            &["C: AUTH EXTERNAL =", "S: 235 2.7.0 ok"],
        ),
        (
            "RFC 4422 App. A.2",
            Box::new(External::new().acting_as("fred@example.com")),
            &["C: AUTH EXTERNAL ZnJlZEBleGFtcGxlLmNvbQ==", "S: 235 2.7.0 ok"],
        ),
        (
            "RFC 4505 §3",
            Box::new(Anonymous::new().trace("sirhc")),
            &["C: AUTH ANONYMOUS c2lyaGM=", "S: 235 2.7.0 ok"],
        ),
        (
            "RFC 2444 with the password of RFC 2289 App. C",
            Box::new(Otp::new("tim", "This is a test.")),
            &[
                "C: AUTH OTP AHRpbQ==",
                "S: 334 b3RwLW1kNSA0OTkga2UxMjM0IGV4dA==",
                "C: aGV4OjViZjA3NWQ5OTU5ZDAzNmY=",
                "S: 235 2.7.0 ok",
            ],
        ),
    ]
}

/// A connection outside of TLS, and its dialogue.
async fn plays(host: &str, name: &str, mechanism: &mut dyn Mechanism, lines: &[&str]) {
    let dialogue = dialogue(mechanism.name(), lines);
    let (stream, peer) = Script::new(&dialogue).start();
    let connection = Connection::from_stream(stream, &Server::new(host, 25)).await.expect("EHLO");
    let result = connection.dangerous().authenticate(mechanism).await;
    let is_accepted = lines.last().is_some_and(|last| last.starts_with("S: 235"));
    assert_eq!(result.is_ok(), is_accepted, "{name}: {result:?}");
    peer.finish();
}

fn dialogue(mechanism: &str, lines: &[&str]) -> String {
    let lines = lines.join("\n");
    format!("S: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 AUTH {mechanism}\n{lines}")
}

#[tokio::test(start_paused = true)]
async fn samples() {
    for (name, mut mechanism, lines) in rows() {
        let digest = mechanism.name() == "DIGEST-MD5";
        let host = if digest { "elwood.innosoft.com" } else { "mail.example.test" };
        plays(host, name, &mut *mechanism, lines).await;
    }
}

/// RFC 7677 §3 for a client that could bind, inside TLS 1.3; computed by another program.
#[tokio::test(start_paused = true)]
async fn a_client_that_could_bind() {
    let lines = [
        "C: AUTH SCRAM-SHA-256 eSwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=",
        "S: 334 cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlp\
         hSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=",
        "C: Yz1lU3dzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1\
         Gb3FpSFR0UUVERThsejFDZGFFZTN0SzRtUytpTURUbDc3U1B5RFM1M0RZPQ==",
        "S: 334 dj1kSTRLcGlRSndCcjErVitLNlUxZEE2bDZJNEk5RFVOWFdORDRwY3BSVTNVPQ==",
        "C:",
        "S: 235 2.7.0 ok",
    ];
    let script = Script::new("-- tls --").then(&dialogue("SCRAM-SHA-256", &lines));
    let (stream, peer) = script.start();
    let tls = TlsConfig::builder().root_pem(peer.authority_pem()).build().expect("a root");
    let server = Server::new("mail.example.test", 465);
    let connection = Connection::from_tls_stream(stream, &server, &tls).await.expect("EHLO");
    let mut scram = ScramSha256::new("user", "pencil").with_nonce("rOprNGfwEbeRWgbNEkqO");
    connection.authenticate(&mut scram).await.expect("a login");
    peer.finish();
}
