//! AUTH of the capture server: PLAIN and LOGIN, for the users of its builder.

use std::collections::HashMap;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::transport::Transport;

/// The longest line of an exchange (RFC 4954 §4).
const LINE: usize = 12_288;

/// Runs an exchange. Says who authenticated, or what to reply.
pub(super) async fn authenticate(
    transport: &mut Transport,
    users: &HashMap<String, String>,
    mechanism: &str,
    initial: Option<String>,
) -> io::Result<Result<String, &'static str>> {
    let credentials = match mechanism {
        "PLAIN" => {
            let response = match initial {
                Some(initial) => Some(initial),
                None => ask(transport, "334 ").await?,
            };
            response.and_then(|response| plain(&response))
        }
        "LOGIN" => {
            let user = match initial {
                Some(initial) => Some(initial),
                None => ask(transport, "334 VXNlcm5hbWU6").await?,
            };
            match user {
                None => None,
                Some(user) => ask(transport, "334 UGFzc3dvcmQ6")
                    .await?
                    .and_then(|password| Some((decode(&user)?, decode(&password)?))),
            }
        }
        _ => return Ok(Err("504 5.5.4 unrecognized authentication type")),
    };
    Ok(match credentials {
        None => Err("501 5.5.2 cannot decode response"),
        Some((user, password)) if users.get(&user) == Some(&password) => Ok(user),
        Some(_) => Err("535 5.7.8 authentication credentials invalid"),
    })
}

/// Sends a challenge and reads the response. None when it was cancelled.
async fn ask(transport: &mut Transport, challenge: &str) -> io::Result<Option<String>> {
    transport.reply(challenge);
    let line = transport.line(LINE).await?.and_then(Result::ok);
    let text = line.and_then(|line| String::from_utf8(line).ok());
    Ok(text.filter(|text| text != "*"))
}

/// `message = [authzid] NUL authcid NUL passwd` (RFC 4616 §2)
fn plain(response: &str) -> Option<(String, String)> {
    let message = decode(response)?;
    let mut parts = message.split('\0').skip(1);
    let credentials = (parts.next()?.to_owned(), parts.next()?.to_owned());
    parts.next().is_none().then_some(credentials)
}

fn decode(response: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(response).ok()?).ok()
}
