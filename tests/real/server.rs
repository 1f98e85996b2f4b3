//! Real servers, each started once for all tests of a program.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use smtp::state::{Authed, Greeted, Tls};
use smtp::{Connection, Plain, Server as Address, Submission, TlsConfig};

/// The servers that have been started, or why they were not.
static SERVERS: [(&str, OnceLock<Option<Server>>); 6] = [
    ("aiosmtpd", OnceLock::new()),
    ("dovecot", OnceLock::new()),
    ("exim", OnceLock::new()),
    ("exim-gsasl", OnceLock::new()),
    ("nodemailer", OnceLock::new()),
    ("postfix", OnceLock::new()),
];

/// A server started by its script, which stops it after this program has ended.
pub(super) struct Server {
    environment: HashMap<String, String>,
}

impl Server {
    /// The server, which the first test that asks for it starts. `None` if it cannot be started:
    /// the tests of it are then skipped.
    pub(super) fn get_started(name: &str) -> Option<&'static Self> {
        let (_, server) = SERVERS.iter().find(|(known, _)| *known == name).expect("a server");
        server.get_or_init(|| Self::start(name, name, &[])).as_ref()
    }

    /// Starts the server in a folder of this name, with these variables, or says why it is skipped.
    pub(super) fn start(name: &str, folder: &str, variables: &[(&str, &str)]) -> Option<Self> {
        let script = scripts().join(format!("{name}.sh"));
        let available = Command::new(&script).arg("available").output().expect("a script");
        if !available.status.success() {
            let why = String::from_utf8_lossy(&available.stdout);
            // Not captured, unlike `println!`: a test that shows nothing must be seen to do so.
            let _ = writeln!(std::io::stderr(), "skipped: the tests of {name}: {}", why.trim());
            return None;
        }
        // Unix sockets want a short path, and the servers' users one that they can enter.
        let folder = std::env::temp_dir().join(format!("smtp-{}-{folder}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let started = Command::new(&script)
            .arg("start")
            .arg(&folder)
            .env("PORT_BASE", "auto")
            .env("WATCH_PID", std::process::id().to_string())
            .envs(settings(name))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .expect("a script");
        let said = String::from_utf8_lossy(&started.stderr);
        assert!(started.status.success(), "{name} does not start: {said}");
        Some(Self::in_folder(&folder))
    }

    /// The server that was started in this folder.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let environment = std::fs::read_to_string(folder.join("env")).expect("what was started");
        let environment = environment
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .chain([("FOLDER".to_owned(), folder.display().to_string())])
            .collect();
        Self { environment }
    }

    /// A value of the script's, or `FOLDER`, where everything is that is the server's.
    pub(super) fn get(&self, key: &str) -> &str {
        self.environment.get(key).map(String::as_str).expect("a value that the script prints")
    }

    /// A value that not each script prints.
    pub(super) fn find(&self, key: &str) -> Option<&str> {
        self.environment.get(key).map(String::as_str)
    }

    pub(super) fn port(&self, key: &str) -> u16 {
        self.get(key).parse().expect("a port")
    }

    pub(super) fn user(&self) -> &str {
        self.get("SMTP_USER")
    }

    /// The two accounts: name and password. The second password needs care in every mechanism.
    pub(super) fn accounts(&self) -> [(&str, &str); 2] {
        [("SMTP_USER", "SMTP_PASSWORD"), ("SMTP_USER2", "SMTP_PASSWORD2")]
            .map(|(user, password)| (self.get(user), self.get(password)))
    }

    pub(super) fn authority(&self) -> Vec<u8> {
        std::fs::read(self.get("CA")).expect("the authority")
    }

    pub(super) fn tls(&self) -> TlsConfig {
        TlsConfig::builder().root_pem(self.authority()).build().expect("the authority")
    }

    /// A session inside TLS that STARTTLS began, before authentication.
    pub(super) async fn secured(&self, port: &str, tls: TlsConfig) -> Connection<Tls> {
        let submission = Submission::new("localhost").port(self.port(port));
        submission.tls(tls).connect().await.expect("TLS")
    }

    /// A submission with the server's credentials, over STARTTLS.
    pub(super) async fn submission(&self) -> Connection<Authed> {
        let submission = Submission::new("localhost").port(self.port("PORT_SUBMISSION"));
        self.login(submission).await
    }

    /// The same inside TLS from the first byte.
    pub(super) async fn submissions(&self) -> Connection<Authed> {
        let submission = Submission::new("localhost").implicit_tls();
        self.login(submission.port(self.port("PORT_SMTPS"))).await
    }

    /// A session in clear, as between servers.
    pub(super) async fn relay(&self, port: &str) -> Connection<Greeted> {
        let address = Address::new("localhost", self.port(port));
        Connection::connect(&address).await.expect("a session")
    }

    pub(super) async fn login(&self, submission: Submission) -> Connection<Authed> {
        let credentials = Plain::new(self.user(), self.get("SMTP_PASSWORD"));
        submission.tls(self.tls()).auth(credentials).connect().await.expect("a login")
    }
}

/// The setting that the tests need and the script does not make by itself.
fn settings(name: &str) -> Option<(&'static str, &'static str)> {
    // Its Dovecot answers at the other ports.
    (name == "postfix").then_some(("POSTFIX_CYRUS", "1"))
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers")
}
