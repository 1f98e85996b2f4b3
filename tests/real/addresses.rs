//! Real servers at other addresses: at a Unix socket, and at one family of addresses while the other
//! is dead.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use smtp::connect::Families;
use smtp::{Envelope, Plain, Submission};
#[cfg(target_os = "linux")]
use tokio::net::TcpSocket;
use tokio::net::{TcpListener, TcpStream};

use super::mailbox_check;
use super::server::Server;

/// A message through a submission that begins with these settings.
async fn deliver(server: &Server, submission: Submission, subject: &str) -> String {
    let user = server.user();
    let credentials = Plain::new(user, server.get("SMTP_PASSWORD"));
    let submission = submission.tls(server.tls()).auth(credentials);
    let mut mail = submission.connect().await.expect("a login");
    let envelope = Envelope::new(user, [user]).expect("the server's user");
    let body = format!(
        "X-First: {subject}\r\nFrom: {user}\r\nMessage-ID: <{subject}@example.test>\r\nDate: Tue, \
         24 Nov 2026 10:00:00 +0000\r\nSubject: {subject}\r\n\r\nHello.\r\n"
    );
    mail.deliver(&envelope, body.as_str()).await.expect("delivered");
    mail.quit().await.expect("QUIT");
    body
}

/// The certificate is for the name, wherever the server is.
async fn at_a_socket(name: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    let mut sent = Vec::new();
    let submission = Submission::new("mail.example.test");
    let starttls = submission.clone().unix_socket(server.get("SOCKET_SUBMISSION"));
    sent.push(deliver(server, starttls, "at-a-socket").await);
    if let Some(path) = server.find("SOCKET_SMTPS") {
        let implicit = submission.implicit_tls().unix_socket(path);
        sent.push(deliver(server, implicit, "at-a-socket").await);
    }
    let got = mailbox_check::wait_for(server, server.user(), "at-a-socket", sent.len()).await;
    for (got, sent) in got.iter().zip(&sent) {
        assert_eq!(String::from_utf8_lossy(got), *sent);
    }
}

/// An address of this machine that is of no use.
struct Dead {
    address: SocketAddr,
    /// Held, so that no other program gets its port.
    _silent: Option<(TcpListener, [TcpStream; 2])>,
}

impl Dead {
    /// No server listens.
    async fn closed(ip: IpAddr) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.expect("a port");
        Self { address: listener.local_addr().expect("an address"), _silent: None }
    }

    /// Nothing answers, as where a firewall drops all: the queue of a listener that accepts none is full.
    /// Linux keeps one connection more than it is asked to, and drops what comes after it.
    #[cfg(target_os = "linux")]
    async fn silent(ip: IpAddr) -> Self {
        let socket = if ip.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() };
        let socket = socket.expect("a socket");
        socket.bind((ip, 0).into()).expect("a port");
        let listener = socket.listen(1).expect("a listener");
        let address = listener.local_addr().expect("an address");
        let (first, second) =
            tokio::join!(TcpStream::connect(address), TcpStream::connect(address));
        let queued = [first.expect("a connection"), second.expect("a connection")];
        Self { address, _silent: Some((listener, queued)) }
    }
}

/// A message over one family while the other is dead in each way.
async fn over(name: &str, alive: IpAddr, dead: IpAddr, subject: &str) {
    let Some(server) = Server::get_started(name) else {
        return;
    };
    if server.find("HOST6").is_none() {
        let _ = writeln!(std::io::stderr(), "skipped: {subject} of {name}: no IPv6 here");
        return;
    }
    let families = if dead.is_ipv6() { Families::PreferIpv6 } else { Families::PreferIpv4 };
    let all = [
        Dead::closed(dead).await,
        #[cfg(target_os = "linux")]
        Dead::silent(dead).await,
    ];
    let mut sent = Vec::new();
    for dead in &all {
        let at = |port| [dead.address, SocketAddr::new(alive, server.port(port))];
        let submission = Submission::new("mail.example.test").families(families);
        let starttls = submission.clone().at(at("PORT_SUBMISSION"));
        sent.push(deliver(server, starttls, subject).await);
        let implicit = submission.implicit_tls().at(at("PORT_SMTPS"));
        sent.push(deliver(server, implicit, subject).await);
    }
    let got = mailbox_check::wait_for(server, server.user(), subject, sent.len()).await;
    for (got, sent) in got.iter().zip(&sent) {
        assert_eq!(String::from_utf8_lossy(got), *sent);
    }
}

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

async fn over_ipv6(name: &str) {
    over(name, V6, V4, "over-ipv6").await;
}

async fn over_ipv4(name: &str) {
    over(name, V4, V6, "over-ipv4").await;
}

mod socket {
    use super::at_a_socket;

    with_each_server!(at_a_socket: dovecot aiosmtpd nodemailer);
}

mod ipv6 {
    use super::over_ipv6;

    with_each_server!(over_ipv6);
}

mod ipv4 {
    use super::over_ipv4;

    with_each_server!(over_ipv4);
}
