//! Mail where it landed, and the bytes of it that were sent.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::server::Server;

/// How long a server may take to put the next message where it belongs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The files with mail of this user, once there are so many.
pub(super) async fn wait_for(server: &Server, user: &str, count: usize) -> Vec<PathBuf> {
    let name = match server.get("SERVER") {
        "exim" => user.split('@').next().unwrap_or_default(),
        _ => user,
    };
    let folder = PathBuf::from(server.get("MAIL").replace("<user>", name));
    let (mut began, mut seen) = (Instant::now(), 0);
    loop {
        let files: Vec<PathBuf> = std::fs::read_dir(&folder)
            .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
            .unwrap_or_default();
        if files.len() >= count {
            return files;
        }
        if files.len() > seen {
            (began, seen) = (Instant::now(), files.len());
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{} of {count} messages are in {}",
            files.len(),
            folder.display()
        );
        // Servers deliver in their own time; there is nothing here that could tell.
        tokio::task::yield_now().await;
    }
}

/// The message in a file, with CRLF line ends and without the header fields that the server put
/// before it. These are trace fields: the message's own begin with `X-First`.
pub(super) fn content(file: &PathBuf) -> Vec<u8> {
    let stored = std::fs::read(file).expect("a message");
    // A Maildir has the line ends of its system.
    let stored = if stored.windows(2).any(|pair| pair == b"\r\n") {
        stored
    } else {
        let mut bytes = Vec::with_capacity(stored.len() + stored.len() / 40);
        for line in stored.split_inclusive(|&byte| byte == b'\n') {
            bytes.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    };
    let first = b"X-First:";
    let start = stored.windows(first.len()).position(|bytes| bytes == first);
    let start = start.expect("the message's first header field");
    for line in stored[..start].split(|&byte| byte == b'\n') {
        let trace = [
            "Return-path:",
            "Return-Path:",
            "Delivered-To:",
            "Received:",
            "Envelope-to:",
            "Delivery-date:",
        ];
        let text = String::from_utf8_lossy(line);
        let known = line.is_empty()
            || text.starts_with([' ', '\t'])
            || trace.iter().any(|field| text.starts_with(field));
        assert!(known, "the server added {text:?}");
    }
    stored[start..].to_vec()
}
