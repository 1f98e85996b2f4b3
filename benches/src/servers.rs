//! The servers of `harness/`, each in a process that ends with its handle.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::time::Duration;

/// A server that runs.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
}

impl Running {
    /// Starts a program of the harness that stands beside this one.
    ///
    /// # Panics
    ///
    /// When it is not built, or does not listen within four seconds.
    pub fn start(program: &str, options: &[&str]) -> Self {
        let path = std::env::current_exe().expect("a path").with_file_name(program);
        let port = std::env::temp_dir().join(format!("{program}-{}", std::process::id()));
        let _ = std::fs::remove_file(&port);
        let mut command = Command::new(&path);
        command.args(["--listen", "127.0.0.1:0", "--port-file"]).arg(&port).args(options);
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for _ in 0..200 {
            let text = std::fs::read_to_string(&port).unwrap_or_default();
            if let Ok(number) = text.parse::<u16>() {
                let _ = std::fs::remove_file(&port);
                return Self { child, addr: SocketAddr::from(([127, 0, 0, 1], number)) };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{program} does not listen");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How many connections a sink has taken before this one, by which it is asked.
///
/// # Panics
///
/// Where no sink answers.
pub fn connections(sink: SocketAddr) -> usize {
    let mut stream = TcpStream::connect(sink).expect("a sink");
    stream.write_all(b"XSTAT\r\n").expect("a sink that reads");
    let mut counters = BufReader::new(stream).lines().map_while(Result::ok);
    let counters =
        counters.find_map(|line| Some(line.split_once("\"connections\":")?.1.to_owned()));
    let counters = counters.expect("counters of the sink");
    let number = counters.split([',', '}']).next().and_then(|number| number.parse().ok());
    number.map(|number: usize| number - 1).expect("a number of connections")
}
