//! A submission from a URL: the state of the connection, and what a wrong URL says.

use std::io;
use std::pin::Pin;
use std::process::Command;
use std::sync::Mutex;

use proptest::prelude::*;
use smtp::command::Stage;
use smtp::connect::{SmtpUrl, UrlError};
use smtp::connection::AnyConnection;
use smtp::testing::{CaptureServer, CaptureServerBuilder, Certificate, Script};
use smtp::transport::{Connect, Connected, Target};
use smtp::{Envelope, Error, Submission, TlsConfig};
use tests::error;
use tokio::time::Instant;

async fn start(server: CaptureServerBuilder) -> (CaptureServer, TlsConfig) {
    let server = server.user("me@example.com", "pen/cil").start().await.expect("a server");
    let tls = TlsConfig::builder().root_pem(server.authority_pem()).build().expect("a root");
    (server, tls)
}

#[tokio::test]
async fn the_user_info_decides_the_state() {
    for (scheme, builder) in [
        ("smtp", CaptureServer::builder().require_auth()),
        ("SMTPS", CaptureServer::builder().require_auth().implicit_tls()),
    ] {
        let (server, tls) = start(builder).await;
        let place = format!("{}:{}", server.host(), server.port());
        let url = format!("{scheme}://me%40example.com:pen%2Fcil@{place}?name=client.example");
        let submission = Submission::from_url(&url).expect("a URL").tls(tls.clone());
        for _ in 0..2 {
            let mut mail = submission.connect().await.expect("a login");
            assert!(matches!(mail, AnyConnection::Authed(_)), "{mail:?}");
            let envelope = Envelope::new("me@example.com", ["you@example.org"]).expect("addresses");
            mail.deliver(&envelope, "x").await.expect("delivered");
            mail.quit().await.expect("QUIT");
        }
        let messages = server.wait_for(2).await;
        assert_eq!(messages[1].client_name, "client.example");
        assert_eq!(messages[1].user.as_deref(), Some("me@example.com"));
        assert!(messages[1].tls);

        let anonymous = Submission::from_url(&format!("{scheme}://{place}")).expect("a URL");
        let mail = anonymous.tls(tls).connect().await.expect("TLS");
        assert!(matches!(mail, AnyConnection::Tls(_)), "{mail:?}");
    }
}

#[tokio::test]
async fn one_mechanism_by_its_name() {
    let (server, tls) = start(CaptureServer::builder()).await;
    let url = format!("smtp://me%40example.com:pen%2Fcil@{}:{}", server.host(), server.port());
    let with = |query: &str| Submission::from_url(&format!("{url}{query}")).expect("a URL");
    with("?mechanism=login").tls(tls.clone()).connect().await.expect("a login");
    let error = error(with("?mechanism=SCRAM-SHA-1").tls(tls).connect().await);
    assert!(error.to_string().contains("SCRAM-SHA-1"), "{error}");
}

/// A server in clear is not spoken to without TLS, whatever the URL says.
/// A network of one server, or of none.
#[derive(Debug)]
struct One(Mutex<Option<Script>>);

impl Connect for One {
    fn connect<'a>(
        &'a self,
        _: &'a Target,
    ) -> Pin<Box<dyn Future<Output = io::Result<Connected>> + Send + 'a>> {
        Box::pin(async {
            let script = self.0.lock().expect("the script").take();
            match script {
                Some(script) => Ok(Connected::new(script.start().0)),
                None => std::future::pending().await,
            }
        })
    }

    fn takes_names(&self) -> bool {
        true
    }
}

/// Each step up to the login has the time of the URL, and no other.
#[tokio::test(start_paused = true)]
async fn each_step_has_the_time_of_the_url() {
    const OFFERED: &str = "S: 220 hi\nC: EHLO *\nS: 250-hi\nS: 250 STARTTLS\n";
    const SECURED: &str = "C: STARTTLS\nS: 220 go\n-- tls --\nC: EHLO *\n";
    let steps = [
        (Stage::Connect, None),
        (Stage::Greeting, Some(String::new())),
        (Stage::Hello, Some("S: 220 hi\nC: EHLO *\n".to_owned())),
        (Stage::StartTls, Some(format!("{OFFERED}C: STARTTLS\n"))),
        (Stage::Handshake, Some(format!("{OFFERED}C: STARTTLS\nS: 220 go\n"))),
        (Stage::Hello, Some(format!("{OFFERED}{SECURED}"))),
        (Stage::Auth, Some(format!("{OFFERED}{SECURED}S: 250-hi\nS: 250 AUTH PLAIN\nC: AUTH *\n"))),
    ];
    let certificate = Certificate::new(&["mail.example.test"]);
    let tls = TlsConfig::builder().root_pem(certificate.authority_pem()).build().expect("a root");
    for (stage, dialogue) in steps {
        let script = dialogue.map(|dialogue| {
            Script::new(&format!("{dialogue}-- silence --")).certificate(&certificate)
        });
        let url = "smtp://me:pencil@mail.example.test?timeout=77";
        let submission = Submission::from_url(url).expect("a URL").tls(tls.clone());
        let began = Instant::now();
        let failed = submission.connector(One(Mutex::new(script))).connect().await;
        let Err(Error::Lost(lost)) = failed else { panic!("{stage:?}: {failed:?}") };
        assert_eq!(began.elapsed().as_secs(), 77, "{stage:?}: {lost}");
        assert_eq!(lost.stage(), Some(stage), "{lost}");
    }
}

#[tokio::test]
async fn tls_is_required() {
    let (server, _) = start(CaptureServer::builder().plaintext()).await;
    let url = format!("smtp://me%40example.com:pen%2Fcil@{}:{}", server.host(), server.port());
    let error = error(Submission::from_url(&url).expect("a URL").connect().await);
    assert!(error.to_string().contains("STARTTLS"), "{error}");
    for query in ["tls=none", "verify=no", "starttls=off", "insecure=1", "allow_invalid=true"] {
        let wrong = Submission::from_url(&format!("{url}?{query}"));
        assert!(matches!(wrong, Err(UrlError::UnknownQuery(Some(_)))), "{query}: {wrong:?}");
    }
}

/// Set for the process that reads the variable: a test does not change its own environment.
const CHILD: &str = "SMTP_URL_IS_READ";

#[test]
fn the_environment_has_a_variable() {
    if std::env::var_os(CHILD).is_some() {
        match Submission::from_env() {
            Ok(submission) => println!("said {submission:?}"),
            Err(error) => println!("said {error}"),
        }
        return;
    }
    let table = [
        (None, "SMTP_URL is not set"),
        (Some("smtps://me:pencil@mail.example.com"), "port: 465"),
        (Some(""), "smtps://"),
    ];
    for (value, expected) in table {
        let mut child = Command::new(std::env::current_exe().expect("this program"));
        child.args(["--exact", "--nocapture", "behaviour::url::the_environment_has_a_variable"]);
        child.env(CHILD, "").env_remove("SMTP_URL");
        if let Some(value) = value {
            child.env("SMTP_URL", value);
        }
        let output = child.output().expect("a process");
        let said = String::from_utf8_lossy(&output.stdout);
        let said = said.lines().find(|line| line.contains("said ")).unwrap_or_default();
        assert!(said.contains(expected), "{value:?}: {said}");
        assert!(!said.contains("pencil"), "{said}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(smtps?://)?[a-z:@/?#%&=\\[\\].0-9\u{fc} ]{0,40}") {
        if let Ok(url) = text.parse::<SmtpUrl>() {
            prop_assert_eq!(url.credentials().is_some(), text.contains('@'));
        }
    }

    /// Whatever a user forgets to escape, and wherever the password ends up.
    #[test]
    fn a_password_is_never_shown(
        before in "[a-z/?#@%:&=\\[\\] ]{0,6}",
        after in "[a-z/?#@%:&=\\[\\] ]{0,6}",
        scheme in "smtps?://|http://|",
        place in "@h|@|@h:|@h/x|@h#x|@h\\?tls=0|@\\[::1|@h\\?name=localhost|@h:25",
    ) {
        const SENTINEL: &str = "S3NT1NEL";
        let url = format!("{scheme}me:{before}{SENTINEL}{after}{place}");
        let shown = match url.parse::<SmtpUrl>() {
            Ok(url) => format!("{url:?} {:?} {:?}", url.credentials(), Submission::from(url.clone())),
            Err(error) => format!("{error} {error:?}"),
        };
        prop_assert!(!shown.contains(SENTINEL), "{}: {}", url, shown);
    }
}
