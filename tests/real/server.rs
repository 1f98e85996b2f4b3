//! A real server, running for as long as its value lives.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use smtp::state::{Authed, Greeted};
use smtp::{Connection, Plain, Server as Address, Submission, TlsConfig};

/// A server started by its script.
pub(super) struct Server {
    script: PathBuf,
    folder: PathBuf,
    environment: HashMap<String, String>,
}

impl Server {
    /// Starts the server, or says why it is skipped.
    pub(super) fn start(name: &str) -> Option<Self> {
        let script = scripts().join(format!("{name}.sh"));
        let available = Command::new(&script).arg("available").output().expect("a script");
        if !available.status.success() {
            let why = String::from_utf8_lossy(&available.stdout);
            println!("skipped: {name} cannot be started: {}", why.trim());
            return None;
        }
        // Unix sockets want a short path, and the servers' users one that they can enter.
        let folder = folder(name);
        let _ = std::fs::remove_dir_all(&folder);
        let started = Command::new(&script)
            .arg("start")
            .arg(&folder)
            .env("PORT_BASE", "auto")
            .env("WATCH_PID", std::process::id().to_string())
            .stdin(Stdio::null())
            .output()
            .expect("a script");
        let said = String::from_utf8_lossy(&started.stderr);
        assert!(started.status.success(), "{name} does not start: {said}");
        let environment = std::fs::read_to_string(folder.join("env")).expect("what was started");
        let environment = environment
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        Some(Self { script, folder, environment })
    }

    /// A value of the script's.
    pub(super) fn get(&self, key: &str) -> &str {
        self.environment.get(key).map(String::as_str).expect("a value that the script prints")
    }

    pub(super) fn port(&self, key: &str) -> u16 {
        self.get(key).parse().expect("a port")
    }

    pub(super) fn user(&self) -> &str {
        self.get("SMTP_USER")
    }

    pub(super) fn tls(&self) -> TlsConfig {
        let authority = std::fs::read(self.get("CA")).expect("the authority");
        TlsConfig::builder().root_pem(authority).build().expect("the authority")
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

impl Drop for Server {
    fn drop(&mut self) {
        let stopped = Command::new(&self.script).arg("stop").arg(&self.folder).output();
        if stopped.is_ok_and(|output| output.status.success()) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A folder that no other server has.
fn folder(name: &str) -> PathBuf {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let number = STARTED.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("smtp-{}-{number}-{name}", std::process::id()))
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("servers")
}
