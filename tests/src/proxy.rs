//! Proxies on the loopback, as small as they can be: they connect to ports of this machine alone.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A proxy that runs until it is dropped.
#[derive(Debug)]
pub struct TestProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: JoinHandle<()>,
}

/// The protocol of a [`TestProxy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// SOCKS5, with a login.
    Socks5,
    /// SOCKS4A, for any user.
    Socks4a,
    /// HTTP CONNECT, with a login.
    Http,
    /// HTTP CONNECT without a login; the first bytes of the server come with the head.
    HttpWithGreeting,
}

/// The user that the proxies know.
pub const PROXY_USER: &str = "proxy-user";
/// Their password.
pub const PROXY_PASSWORD: &str = "proxy-password";
/// Both in base64, as Basic has them.
const BASIC: &str = "cHJveHktdXNlcjpwcm94eS1wYXNzd29yZA==";

impl TestProxy {
    /// Starts a proxy at a free port.
    ///
    /// # Panics
    ///
    /// When the machine has no port.
    pub async fn start(speaks: Speaks) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let of_clients = Arc::clone(&asked);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let asked = Arc::clone(&of_clients);
                tokio::spawn(async move { serve(speaks, client, &asked).await });
            }
        });
        Self { address, asked, accepting }
    }

    /// The port that it listens at, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The destinations that it was asked for.
    ///
    /// # Panics
    ///
    /// Never: nothing panics while it holds them.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the destinations").clone()
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves one client over any stream, until it is gone. Keeps the destination that it asks for.
///
/// # Errors
///
/// When the client breaks the protocol, or one of the two connections breaks.
pub async fn serve<S>(speaks: Speaks, mut client: S, asked: &Mutex<Vec<String>>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (host, port) = match speaks {
        Speaks::Socks5 => socks5(&mut client).await?,
        Speaks::Socks4a => socks4a(&mut client).await?,
        Speaks::Http | Speaks::HttpWithGreeting => http(&mut client, speaks).await?,
    };
    if let Ok(mut asked) = asked.lock() {
        asked.push(format!("{host}:{port}"));
    }
    // The name plays no part: all servers of the tests are on this machine.
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let mut answer = match speaks {
        Speaks::Socks5 => b"\x05\0\0\x01\0\0\0\0\0\0".to_vec(),
        Speaks::Socks4a => b"\0\x5a\0\0\0\0\0\0".to_vec(),
        Speaks::Http | Speaks::HttpWithGreeting => {
            b"HTTP/1.1 200 OK\r\nVia: a test\r\n\r\n".to_vec()
        }
    };
    if speaks == Speaks::HttpWithGreeting {
        server.read_buf(&mut answer).await?;
    }
    client.write_all(&answer).await?;
    client.flush().await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

async fn text<S: AsyncRead + Unpin>(client: &mut S, length: u8) -> io::Result<String> {
    let mut text = vec![0; length.into()];
    client.read_exact(&mut text).await?;
    String::from_utf8(text).map_err(|_| wrong("UTF-8"))
}

async fn socks5<S: AsyncRead + AsyncWrite + Unpin>(client: &mut S) -> io::Result<(String, u16)> {
    let (version, count) = (client.read_u8().await?, client.read_u8().await?);
    let methods = text(client, count).await?;
    if version != 5 || !methods.contains('\x02') {
        client.write_all(b"\x05\xff").await?;
        return Err(wrong("the method"));
    }
    client.write_all(b"\x05\x02").await?;
    client.flush().await?;
    let _version = client.read_u8().await?;
    let length = client.read_u8().await?;
    let user = text(client, length).await?;
    let length = client.read_u8().await?;
    let password = text(client, length).await?;
    if (&*user, &*password) != (PROXY_USER, PROXY_PASSWORD) {
        client.write_all(b"\x01\x01").await?;
        return Err(wrong("the login"));
    }
    client.write_all(b"\x01\0").await?;
    client.flush().await?;
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let host = match head {
        [5, 1, 0, 1] => Ipv4Addr::from_bits(client.read_u32().await?).to_string(),
        [5, 1, 0, 3] => {
            let length = client.read_u8().await?;
            text(client, length).await?
        }
        _ => return Err(wrong("the request")),
    };
    Ok((host, client.read_u16().await?))
}

async fn socks4a<S: AsyncRead + AsyncWrite + Unpin>(client: &mut S) -> io::Result<(String, u16)> {
    let head = client.read_u16().await?;
    let (port, address) = (client.read_u16().await?, client.read_u32().await?);
    let _user = until(client, b"\0").await?;
    match (head, address) {
        (0x0401, 1..=0xff) => Ok((until(client, b"\0").await?, port)),
        (0x0401, _) => Ok((Ipv4Addr::from_bits(address).to_string(), port)),
        _ => Err(wrong("the request")),
    }
}

async fn http<S>(client: &mut S, speaks: Speaks) -> io::Result<(String, u16)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = until(client, b"\r\n\r\n").await?;
    if speaks == Speaks::Http && !head.contains(&format!("Proxy-Authorization: Basic {BASIC}")) {
        client.write_all(b"HTTP/1.1 407 who are you\r\n\r\n").await?;
        return Err(wrong("the login"));
    }
    let destination =
        head.strip_prefix("CONNECT ").and_then(|head| head.split_once(" HTTP/1.1\r\n"));
    let (host, port) =
        destination.and_then(|(to, _)| to.rsplit_once(':')).ok_or_else(|| wrong("it"))?;
    Ok((host.to_owned(), port.parse().map_err(|_| wrong("the port"))?))
}

/// The text before an end, one byte at a time: nothing after it is read.
async fn until<S: AsyncRead + Unpin>(client: &mut S, end: &[u8]) -> io::Result<String> {
    let mut text = Vec::new();
    while !text.ends_with(end) {
        text.push(client.read_u8().await?);
    }
    text.truncate(text.len() - end.len());
    String::from_utf8(text).map_err(|_| wrong("UTF-8"))
}
