//! Forwards TCP with an artificial one-way delay in each direction, keeping
//! byte order and everything a client pipelined. Counts as a long wire, except
//! that the TCP handshake, slow start and Nagle's algorithm see the near end:
//! for those, see `netdelay`.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::{Duration, Instant};

fn pump(mut from: TcpStream, mut to: TcpStream, delay: Duration) {
    let (tx, rx) = mpsc::channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        for (at, b) in rx {
            let now = Instant::now();
            if at > now {
                std::thread::sleep(at - now);
            }
            if b.is_empty() || to.write_all(&b).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    std::thread::spawn(move || {
        let mut buf = vec![0u8; 256 << 10];
        while let Ok(n) = from.read(&mut buf) {
            if tx.send((Instant::now() + delay, buf[..n].to_vec())).is_err() || n == 0 {
                break;
            }
        }
    });
}

fn main() -> std::io::Result<()> {
    let (mut listen, mut to, mut ms, mut port_file) =
        ("127.0.0.1:0".to_string(), String::new(), 25u64, None);
    let mut it = std::env::args().skip(1);
    while let Some(a) = it.next() {
        match a.as_str() {
            "--listen" => listen = it.next().expect("--listen ADDR"),
            "--to" => to = it.next().expect("--to ADDR"),
            "--delay-ms" => ms = it.next().and_then(|v| v.parse().ok()).expect("--delay-ms N"),
            "--port-file" => port_file = it.next(),
            other => panic!("unknown option {other}"),
        }
    }
    let l = TcpListener::bind(&listen)?;
    if let Some(f) = port_file {
        std::fs::write(f, l.local_addr()?.port().to_string())?;
    }
    let delay = Duration::from_millis(ms);
    for c in l.incoming() {
        let c = c?;
        let s = TcpStream::connect(&to)?;
        c.set_nodelay(true)?;
        s.set_nodelay(true)?;
        pump(c.try_clone()?, s.try_clone()?, delay);
        pump(s, c, delay);
    }
    Ok(())
}
