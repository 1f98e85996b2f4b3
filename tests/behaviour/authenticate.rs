//! AUTH: the messages of mechanisms, framed for SMTP (RFC 4954).

use smtp::auth::{
    Anonymous, Challenge, CramMd5, External, MechanismError, OAuthBearer, Step, XOauth2,
};
use smtp::command::Noop;
use smtp::connection::TransitionError;
use smtp::error::ProtocolError;
use smtp::{Error, Login, Mechanism, Plain, Secret};
use tests::{error, greeted, script, secured};

mod framing;

async fn succeeds(offers: &str, mechanism: &mut dyn Mechanism, dialogue: &str) {
    let (connection, peer) = secured(&[offers], dialogue).await;
    let connection = connection.authenticate(mechanism).await.expect("a login");
    assert!(connection.is_verified());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn plain() {
    let dialogue = "C: AUTH PLAIN AHRlc3QAMTIzNA==\nS: 235 2.7.0 Authentication successful";
    succeeds("AUTH PLAIN", &mut Plain::new("test", "1234"), dialogue).await;
    // RFC 4954 §4 and RFC 4616 §4
    let dialogue = "C: AUTH PLAIN dGVzdAB0ZXN0ADEyMzQ=\nS: 235 ok";
    let mut plain = Plain::new("test", "1234").acting_as("test");
    succeeds("AUTH plain", &mut plain, dialogue).await;
    let dialogue = "C: AUTH PLAIN VXJzZWwAS3VydAB4aXBqM3BsbXE=\nS: 235 ok";
    let mut plain = Plain::new("Kurt", "xipj3plmq").acting_as("Ursel");
    succeeds("AUTH=PLAIN", &mut plain, dialogue).await;
}

#[tokio::test(start_paused = true)]
async fn login_ignores_what_the_prompts_say() {
    for (name, password) in [
        ("VXNlcm5hbWU6", "UGFzc3dvcmQ6"),
        ("VXNlciBOYW1lAA==", "UGFzc3dvcmQA"),
        ("", ""),
        ("User:", "not base64"),
    ] {
        let dialogue = format!(
            "C: AUTH LOGIN
             S: 334 {name}
             C: dGlt
             S: 334 {password}
             C: cGVuY2ls
             S: 235 ok"
        );
        succeeds("AUTH LOGIN", &mut Login::new("tim", "pencil"), &dialogue).await;
    }
}

#[tokio::test(start_paused = true)]
async fn xoauth2_answers_an_error_with_an_empty_line() {
    let token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";
    let initial = "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52Yj\
                   NSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==";
    let mut mechanism = XOauth2::new("someuser@example.com", token);
    let dialogue = format!("C: AUTH XOAUTH2 {initial}\nS: 235 ok");
    succeeds("AUTH XOAUTH2", &mut mechanism, &dialogue).await;

    let dialogue = format!(
        "C: AUTH XOAUTH2 {initial}
         S: 334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyJ9
         C: \n S: 535 5.7.8 no"
    );
    let (connection, peer) = secured(&["AUTH XOAUTH2"], &dialogue).await;
    let error = error(connection.authenticate(&mut mechanism).await);
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535));
    let reason = r#"{"status":"401","schemes":"bearer mac"}"#;
    assert_eq!(mechanism.server_error(), Some(reason));
    assert!(error.to_string().ends_with(&format!("the server's reason: {reason}")), "{error}");
    peer.finish();
}

/// The samples of RFC 7628 §4.1 and §4.3, with the port of submission.
#[tokio::test(start_paused = true)]
async fn oauthbearer_answers_an_error_with_one_byte() {
    let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";
    let initial = "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9\
                   QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB";
    let mut bearer = OAuthBearer::new("user@example.com", token).server("server.example.com", 587);
    let dialogue = format!("C: AUTH OAUTHBEARER {initial}\nS: 235 ok");
    succeeds("AUTH OAUTHBEARER", &mut bearer, &dialogue).await;
    assert_eq!(bearer.server_error(), None);

    let reason = "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNv\
                  bmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1\
                  cmF0aW9uIn0=";
    let dialogue =
        format!("C: AUTH OAUTHBEARER {initial}\nS: 334 {reason}\nC: AQ==\nS: 535 5.7.1 no");
    let (connection, peer) = secured(&["AUTH OAUTHBEARER"], &dialogue).await;
    let error = error(connection.authenticate(&mut bearer).await);
    assert_eq!(error.reply().map(|reply| reply.code().value()), Some(535));
    let said = bearer.server_error().expect("a reason");
    assert!(said.starts_with("{\"status\":\"invalid_token\",\"scope\":"), "{said}");
    assert!(!format!("{bearer:?}").contains("vF9"), "{bearer:?}");
    peer.finish();
}

/// Neither a name nor a token can hold what separates them.
#[tokio::test(start_paused = true)]
async fn oauthbearer_holds_no_separator() {
    for (user, token) in [("a\x01auth=Bearer x", "t"), ("a", "t\x01"), ("a", "")] {
        let (connection, peer) = secured(&["AUTH OAUTHBEARER"], "").await;
        let refused = error(connection.authenticate(&mut OAuthBearer::new(user, token)).await);
        assert!(matches!(&refused, Error::Refused(refusal) if refusal.is_local()), "{refused}");
        peer.finish();
    }
    let dialogue = "C: AUTH OAUTHBEARER bixhPWE9MkNiPTNELAFhdXRoPUJlYXJlciB0AQE=\nS: 235 ok";
    succeeds("AUTH OAUTHBEARER", &mut OAuthBearer::new("a,b=", "t"), dialogue).await;
    let dialogue = "C: AUTH OAUTHBEARER biwsAWF1dGg9QmVhcmVyIHQBAQ==\nS: 235 ok";
    succeeds("AUTH OAUTHBEARER", &mut OAuthBearer::new("", "t"), dialogue).await;
}

/// RFC 2195 §2.
#[tokio::test(start_paused = true)]
async fn cram_md5_hashes_the_challenge() {
    let challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
    let response = "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw";
    let dialogue = format!("C: AUTH CRAM-MD5\nS: 334 {challenge}\nC: {response}\nS: 235 ok");
    let mut cram = CramMd5::new("tim", "tanstaaftanstaaf");
    succeeds("AUTH CRAM-MD5", &mut cram, &dialogue).await;
    assert!(!format!("{cram:?}").contains("tanstaaf"), "{cram:?}");
    let dialogue = format!(
        "C: AUTH CRAM-MD5\nS: 334 {challenge}\nC: {response}\nS: 334 {challenge}\nC: \\*\nS: 501 no"
    );
    let (connection, peer) = secured(&["AUTH CRAM-MD5"], &dialogue).await;
    error(connection.authenticate(&mut cram).await);
    peer.finish();
    for (user, password) in [("", "x"), ("me", "")] {
        let (connection, peer) = secured(&["AUTH CRAM-MD5"], "").await;
        error(connection.authenticate(&mut CramMd5::new(user, password)).await);
        peer.finish();
    }
}

/// RFC 4505 §4, with its trace in base64.
#[tokio::test(start_paused = true)]
async fn anonymous_leaves_a_trace() {
    let dialogue = "C: AUTH ANONYMOUS c2lyaGM=\nS: 235 ok";
    succeeds("AUTH ANONYMOUS", &mut Anonymous::new().trace("sirhc"), dialogue).await;
    succeeds("AUTH ANONYMOUS", &mut Anonymous::new(), "C: AUTH ANONYMOUS =\nS: 235 ok").await;
    for trace in ["x".repeat(256), "a\nb".to_owned()] {
        let (connection, peer) = secured(&["AUTH ANONYMOUS"], "").await;
        let refused = error(connection.authenticate(&mut Anonymous::new().trace(trace)).await);
        assert!(matches!(&refused, Error::Refused(refusal) if refusal.is_local()), "{refused}");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn external_says_an_equals_sign_or_a_name() {
    succeeds("AUTH EXTERNAL", &mut External::new(), "C: AUTH EXTERNAL =\nS: 235 ok").await;
    let mut external = External::new().acting_as("fred@example.com");
    let dialogue = "C: AUTH EXTERNAL ZnJlZEBleGFtcGxlLmNvbQ==\nS: 235 ok";
    succeeds("AUTH EXTERNAL", &mut external, dialogue).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_the_session_to_try_another_mechanism() {
    let dialogue = "C: AUTH PLAIN AG1lAHdyb25n
                    S: 504 5.5.4 unknown
                    C: AUTH LOGIN
                    S: 334
                    C: bWU=
                    S: 334
                    C: d3Jvbmc=
                    S: 235 ok";
    let (connection, peer) = secured(&["AUTH PLAIN LOGIN"], dialogue).await;
    let refused = connection.authenticate(&mut Plain::new("me", "wrong")).await;
    let Err(TransitionError::Refused(refused)) = refused else {
        panic!("the server refused PLAIN");
    };
    let login = refused.connection.authenticate(&mut Login::new("me", "wrong")).await;
    login.expect("LOGIN");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn a_secret_does_not_travel_in_clear() {
    let (connection, peer) = greeted(script(&["AUTH PLAIN"], "")).await;
    // `authenticate` does not exist in `Greeted`; the door that does is named for what it is.
    let connection = connection.dangerous().authenticate(&mut Unoffered).await;
    assert!(matches!(error(connection), Error::Refused(refusal) if refusal.is_local()));
    assert_eq!(peer.written(), b"EHLO client.example.test\r\n");
}

#[tokio::test(start_paused = true)]
async fn the_dangerous_door_opens() {
    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: 235 ok";
    let (connection, peer) = greeted(script(&["AUTH PLAIN"], dialogue)).await;
    let mut plain = Plain::new("me", "pencil");
    let connection = connection.dangerous().authenticate(&mut plain).await.expect("a login");
    assert!(!connection.is_verified());
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn credentials_that_cannot_be_written_are_refused_before_anything_is_sent() {
    let mut nul = Plain::new("me\0you", "pencil");
    let mut no_user = Plain::new("", "pencil");
    let mut no_password = Login::new("me", "");
    let mut no_name = Login::new("", "pencil");
    let mut split = XOauth2::new("me", "token\x01auth=Bearer other");
    let mechanisms: [(&mut dyn Mechanism, &str); 5] = [
        (&mut nul, "`authcid`"),
        (&mut no_user, "`authcid`"),
        (&mut no_password, "`password`"),
        (&mut no_name, "`user`"),
        (&mut split, "`token`"),
    ];
    for (mechanism, names) in mechanisms {
        // Also of LOGIN, which has nothing to say before it is asked: servers count a login that is
        // given up as one that failed.
        let offers = &["AUTH PLAIN LOGIN XOAUTH2"];
        let (connection, peer) = secured(offers, "C: NOOP\nS: 250 ok").await;
        let result = connection.authenticate(mechanism).await;
        let Err(TransitionError::Refused(mut refused)) = result else { panic!("{result:?}") };
        let error = refused.refusal.to_string();
        assert!(error.contains(names), "{error}");
        refused.connection.send(Noop).await.expect("nothing was sent");
        peer.finish();
        let written = String::from_utf8(peer.written()).expect("text");
        for secret in ["pencil", "token", "cGVuY2ls"] {
            assert!(!written.contains(secret), "{written}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unexpected_challenge_is_cancelled() {
    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==
                    S: 334 bW9yZQ==
                    C: \\*
                    S: 501 5.7.0 cancelled";
    let (connection, peer) = secured(&["AUTH PLAIN"], dialogue).await;
    let result = connection.authenticate(&mut Plain::new("me", "pencil")).await;
    assert!(matches!(result, Err(TransitionError::Refused(_))), "{result:?}");
    peer.finish();

    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==
                    S: 334 bW9yZQ==
                    C: \\*
                    S: 235 never mind";
    let (connection, peer) = secured(&["AUTH PLAIN"], dialogue).await;
    let result = connection.authenticate(&mut Plain::new("me", "pencil")).await;
    assert!(matches!(result, Err(TransitionError::Lost(_))), "{result:?}");
    peer.finish();
}

#[tokio::test(start_paused = true)]
async fn success_before_the_server_is_verified_is_none() {
    let (connection, _peer) =
        secured(&["AUTH X-MUTUAL"], "C: AUTH X-MUTUAL =\nS: 235 trust me").await;
    let error = error(connection.authenticate(&mut Mutual { verified: false }).await);
    assert!(matches!(
        &error,
        Error::Lost(lost) if matches!(lost.protocol(), Some(ProtocolError::UnverifiedSuccess(_)))
    ));

    let dialogue = "C: AUTH X-MUTUAL =\nS: 334 cHJvb2Y=\nC: \n S: 235 ok";
    succeeds("AUTH X-MUTUAL", &mut Mutual { verified: false }, dialogue).await;
}

/// A success that comes before the answer would leave the answer, which is a secret, unsent.
#[tokio::test(start_paused = true)]
async fn success_before_the_answer_is_none() {
    let dialogue = "C: AUTH LOGIN\nS: 334\nC: bWU=\nS: 334\nS: 235 ok\nC: *";
    let (connection, peer) = secured(&["AUTH LOGIN"], dialogue).await;
    let error = error(connection.authenticate(&mut Login::new("me", "pencil")).await);
    assert!(matches!(
        &error,
        Error::Lost(lost) if lost.protocol() == Some(&ProtocolError::Surplus)
    ));
    assert!(peer.written().ends_with(b"bWU=\r\n"));
    assert!(peer.is_closed());
}

#[tokio::test(start_paused = true)]
async fn endless_challenges_end() {
    let script =
        "C: AUTH X-PATIENT\n".to_owned() + &"S: 334 eA==\nC: eA==\n".repeat(32) + "S: 334 eA==";
    let (connection, _peer) = secured(&["AUTH X-PATIENT"], &script).await;
    let error = error(connection.authenticate(&mut Patient).await);
    assert!(matches!(
        &error,
        Error::Lost(lost) if lost.protocol() == Some(&ProtocolError::TooManyChallenges(32))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_challenge_of_two_lines_is_none() {
    let dialogue = "C: AUTH X-PATIENT\nS: 334-eA==\nS: 334 eA==";
    let (connection, peer) = secured(&["AUTH X-PATIENT"], dialogue).await;
    let error = error(connection.authenticate(&mut Patient).await);
    assert!(matches!(
        &error,
        Error::Lost(lost) if matches!(lost.protocol(), Some(ProtocolError::Unexpected { .. }))
    ));
    assert!(peer.is_closed());
}

/// A response is no longer than a challenge may be.
#[tokio::test(start_paused = true)]
async fn a_response_that_is_too_long_is_cancelled() {
    for (bytes, fits) in [(49_149, true), (49_150, false)] {
        let long = format!("C: {}\nS: 235 ok", "eHh4".repeat(49_149 / 3));
        let answer = if fits { &long } else { "C: \\*\nS: 501 cancelled" };
        let dialogue = format!("C: AUTH X-LONG\nS: 334\n{answer}");
        let (connection, peer) = secured(&["AUTH X-LONG"], &dialogue).await;
        let result = connection.authenticate(&mut Long(bytes)).await;
        assert_eq!(result.is_ok(), fits, "{bytes} bytes: {result:?}");
        peer.finish();
    }
}

/// A mechanism with much to say.
struct Long(usize);

impl Mechanism for Long {
    fn name(&self) -> &'static str {
        "X-LONG"
    }
    fn reveals_secret(&self) -> bool {
        false
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(None)
    }
    fn respond(&mut self, _: Challenge<'_>) -> Result<Step, MechanismError> {
        Ok(Secret::from("x".repeat(self.0)).into())
    }
}

/// A mechanism that no server offers.
struct Unoffered;

impl Mechanism for Unoffered {
    fn name(&self) -> &'static str {
        "X-UNOFFERED"
    }
    fn reveals_secret(&self) -> bool {
        true
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(Some(Secret::from("secret")))
    }
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        Err(challenge.unexpected())
    }
}

/// A mechanism with a server-final message.
struct Mutual {
    verified: bool,
}

impl Mechanism for Mutual {
    fn name(&self) -> &'static str {
        "X-MUTUAL"
    }
    fn reveals_secret(&self) -> bool {
        false
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(Some(Secret::from("")))
    }
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        self.verified = challenge.decode()? == b"proof";
        Ok(Secret::from("").into())
    }
    fn is_complete(&self) -> bool {
        self.verified
    }
}

/// A mechanism that answers for ever.
struct Patient;

impl Mechanism for Patient {
    fn name(&self) -> &'static str {
        "X-PATIENT"
    }
    fn reveals_secret(&self) -> bool {
        false
    }
    fn initial_response(&mut self) -> Result<Option<Secret>, MechanismError> {
        Ok(None)
    }
    fn respond(&mut self, challenge: Challenge<'_>) -> Result<Step, MechanismError> {
        Ok(Secret::from(challenge.decode()?).into())
    }
}

/// An encoder of the test's own.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let bits = chunk.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte));
            let bits = bits << (8 * (3 - chunk.len()));
            (0..4).map(move |index| {
                if index > chunk.len() {
                    '='
                } else {
                    char::from(ALPHABET[(bits >> (18 - 6 * index) & 63) as usize])
                }
            })
        })
        .collect()
}
