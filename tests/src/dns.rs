//! A DNS server on the loopback that answers as a test says (RFC 1035 §4).

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The answer to a question.
#[derive(Clone, Debug)]
pub enum DnsAnswer {
    /// Records of the type that was asked for.
    Addresses(Vec<IpAddr>),
    /// SRV records: priority, weight, port and target.
    Srv(Vec<(u16, u16, u16, &'static str)>),
    /// There is such a name, and no record of the type.
    NoData,
    /// There is no such name.
    NoName,
    /// The server could not find out.
    Failure,
}

/// A DNS server.
#[derive(Debug)]
pub struct Dns {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Dns {
    /// Starts a server that has these answers to a name in lower case, without a final dot, and a
    /// type: `A`, `AAAA`, `SRV`.
    ///
    /// # Panics
    ///
    /// When there is no port.
    pub async fn start(answers: impl Fn(&str, &str) -> DnsAnswer + Send + 'static) -> Self {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let server = tokio::spawn(async move {
            let mut query = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut query).await {
                let Some((end, name, of)) = question(&query[..length]) else { continue };
                log.lock().expect("the questions").push(format!("{of} {name}"));
                let reply = reply(&query[..end], answers(&name, of));
                let _ = socket.send_to(&reply, client).await;
            }
        });
        Self { address, asked, server }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The questions, each as `A mail.example.test`.
    ///
    /// # Panics
    ///
    /// When the server did.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the questions").clone()
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The end of the question of a message, the name and the type.
fn question(query: &[u8]) -> Option<(usize, String, &'static str)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(query.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let of = match query.get(at..at + 4)? {
        [0, 1, ..] => "A",
        [0, 28, ..] => "AAAA",
        [0, 33, ..] => "SRV",
        _ => "other",
    };
    Some((at + 4, labels.join("."), of))
}

/// The reply to a message that ends with its question.
fn reply(question: &[u8], answer: DnsAnswer) -> Vec<u8> {
    let mut code = 0;
    let data: Vec<(u16, Vec<u8>)> = match answer {
        DnsAnswer::Addresses(addresses) => addresses.into_iter().map(of_address).collect(),
        DnsAnswer::Srv(records) => records.into_iter().map(of_server).collect(),
        DnsAnswer::NoData => Vec::new(),
        DnsAnswer::NoName => {
            code = 3;
            Vec::new()
        }
        DnsAnswer::Failure => {
            code = 2;
            Vec::new()
        }
    };
    let count = u16::try_from(data.len()).expect("few records");
    let mut reply = question.to_vec();
    // A response, recursion desired and available; one question, these answers, nothing else.
    reply[2..4].copy_from_slice(&[0x81, 0x80 | code]);
    reply[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 0, 0, 0]);
    reply[6..8].copy_from_slice(&count.to_be_bytes());
    for (of, data) in data {
        // The name of the question, class IN, a minute.
        reply.extend([0xc0, 12]);
        reply.extend(of.to_be_bytes());
        reply.extend([0, 1, 0, 0, 0, 60]);
        reply.extend(u16::try_from(data.len()).expect("a short record").to_be_bytes());
        reply.extend(data);
    }
    reply
}

fn of_address(address: IpAddr) -> (u16, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (28, address.octets().to_vec()),
    }
}

fn of_server((priority, weight, port, target): (u16, u16, u16, &str)) -> (u16, Vec<u8>) {
    let mut data: Vec<u8> = [priority, weight, port].map(u16::to_be_bytes).concat();
    for label in target.split('.').filter(|label| !label.is_empty()) {
        data.push(u8::try_from(label.len()).expect("a label"));
        data.extend(label.as_bytes());
    }
    data.push(0);
    (33, data)
}
