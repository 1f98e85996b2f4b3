//! How responses are framed: with AUTH, after it, and with the verb of Exchange (RFC 4954 §4).

use smtp::auth::{Credentials, ScramSha256};
use smtp::connection::TransitionError;
use smtp::{Login, Plain};
use tests::{error, secured};

use super::{base64, succeeds};

/// Where the server must ask for what did not fit, it says something: a mechanism that has nothing
/// to check in it goes on, and one that verifies the server does not.
#[tokio::test(start_paused = true)]
async fn a_text_instead_of_a_question_is_a_prompt_or_is_cancelled() {
    let mut message = b"\0me\0".to_vec();
    message.extend_from_slice(&[b'x'; 500]);
    let dialogue = format!("C: AUTH PLAIN\nS: 334 Go on\nC: {}\nS: 235 ok", base64(&message));
    succeeds("AUTH PLAIN", &mut Plain::new("me", "x".repeat(500)), &dialogue).await;

    let dialogue = "C: AUTH SCRAM-SHA-256\nS: 334 bW9yZQ==\nC: \\*\nS: 501 cancelled";
    let (connection, peer) = secured(&["AUTH SCRAM-SHA-256"], dialogue).await;
    let result = connection.authenticate(&mut ScramSha256::new("x".repeat(500), "pencil")).await;
    assert!(matches!(result, Err(TransitionError::Refused(_))), "{result:?}");
    peer.finish();
}

/// 501 5.7.0 says that the mechanism takes no initial response: it is sent when it is asked for,
/// and AUTH once more at most.
#[tokio::test(start_paused = true)]
async fn a_server_that_takes_no_initial_response_asks_for_it() {
    let dialogue = "C: AUTH PLAIN AG1lAHBlbmNpbA==
                    S: 501 5.7.0 no initial response
                    C: AUTH PLAIN
                    S: 334
                    C: AG1lAHBlbmNpbA==
                    S: 235 ok";
    succeeds("AUTH PLAIN", &mut Plain::new("me", "pencil"), dialogue).await;
    for code in ["501 5.7.0 still not", "501 5.5.2 bad", "535 5.7.0 no"] {
        let first = if code.contains("still") { "501 5.7.0 no initial response" } else { code };
        let again = if code.contains("still") {
            format!("C: AUTH PLAIN\nS: {code}\n")
        } else {
            String::new()
        };
        let dialogue = format!("C: AUTH PLAIN AG1lAHBlbmNpbA==\nS: {first}\n{again}");
        let (connection, peer) = secured(&["AUTH PLAIN"], &dialogue).await;
        let refused = error(connection.authenticate(&mut Plain::new("me", "pencil")).await);
        let reply = refused.reply().expect("a reply").to_string();
        assert!(code.starts_with(&reply[..3]), "{code}: {refused}");
        peer.finish();
    }
}

#[tokio::test(start_paused = true)]
async fn login_may_send_the_name_with_auth() {
    let dialogue = "C: AUTH LOGIN dGlt\nS: 334 UGFzc3dvcmQ6\nC: cGVuY2ls\nS: 235 ok";
    let mut login = Login::new("tim", "pencil").with_initial_response();
    succeeds("AUTH LOGIN", &mut login, dialogue).await;
    // A server that refuses it is asked as usual.
    let dialogue = "C: AUTH LOGIN dGlt
                    S: 501 5.7.0 no initial response
                    C: AUTH LOGIN
                    S: 334 VXNlcm5hbWU6
                    C: dGlt
                    S: 334 UGFzc3dvcmQ6
                    C: cGVuY2ls
                    S: 235 ok";
    succeeds("AUTH LOGIN", &mut login, dialogue).await;
}

/// Exchange lists some mechanisms after X-EXPS alone, and takes that verb for them.
#[tokio::test(start_paused = true)]
async fn the_verb_of_exchange() {
    let login = "C: X-EXPS LOGIN\nS: 334\nC: dGlt\nS: 334\nC: cGVuY2ls\nS: 235 ok";
    succeeds("X-EXPS GSSAPI LOGIN", &mut Login::new("tim", "pencil"), login).await;
    succeeds("X-EXPS=LOGIN", &mut Login::new("tim", "pencil"), login).await;
    let mut password = Credentials::password("tim", "pencil");
    succeeds("X-EXPS LOGIN", &mut password, login).await;
    let dialogue = format!("{}\nS: 235 ok", "C: X-EXPS PLAIN AHRpbQBwZW5jaWw=");
    succeeds("X-EXPS PLAIN", &mut Plain::new("tim", "pencil"), &dialogue).await;

    // One that is listed in both ways takes the standard's verb.
    let both = ["AUTH LOGIN PLAIN", "X-EXPS PLAIN"];
    let (connection, peer) = secured(&both, "C: AUTH PLAIN AHRpbQBwZW5jaWw=\nS: 235 ok").await;
    connection.authenticate(&mut Plain::new("tim", "pencil")).await.expect("a login");
    peer.finish();
}

/// A line of exactly 512 bytes takes the initial response with it, one of 513 defers it.
#[tokio::test(start_paused = true)]
async fn an_initial_response_that_does_not_fit_is_sent_when_asked_for() {
    // "AUTH PLAIN " and CRLF are 13 bytes, so 499 are left; base64 has a multiple of 4.
    for (password, fits) in [(496 / 4 * 3 - 4, true), (496 / 4 * 3 - 3, false)] {
        let password = "x".repeat(password);
        let mut message = vec![0];
        message.extend_from_slice(b"me\0");
        message.extend_from_slice(password.as_bytes());
        let encoded = base64(&message);
        let dialogue = if fits {
            format!("C: AUTH PLAIN {encoded}\nS: 235 ok")
        } else {
            format!("C: AUTH PLAIN\nS: 334 \nC: {encoded}\nS: 235 ok")
        };
        succeeds("AUTH PLAIN", &mut Plain::new("me", password), &dialogue).await;
    }
}
