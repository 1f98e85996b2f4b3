//! The check of delivered mail: reads a mailbox and takes the bytes that were sent out of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::server::Server;

/// How long a server may take to put the next message where it belongs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks into a mailbox.
const PAUSE: Duration = Duration::from_millis(20);

/// The messages of this test in the mailbox of this user, sorted, once there are so many.
///
/// Tests share their servers: each marks its messages with a header field, `X-First: {mark}`.
pub(super) async fn wait_for(
    server: &Server,
    user: &str,
    mark: &str,
    count: usize,
) -> Vec<Vec<u8>> {
    let folder = folder(server, user);
    let mark = format!("X-First: {mark}\r\n");
    let (mut read, mut ours) = (HashSet::new(), Vec::new());
    let mut last = Instant::now();
    // Servers deliver in their own time, which is the real one, and tell of it in no other way.
    let mut looks = tokio::time::interval(PAUSE);
    loop {
        looks.tick().await;
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for file in files.filter(|file| read.insert(file.file_name())) {
            if let Some(message) = content(&file.path(), mark.as_bytes()) {
                ours.push(message);
                last = Instant::now();
            }
        }
        if ours.len() >= count {
            ours.sort();
            return ours;
        }
        assert!(
            last.elapsed() < PATIENCE,
            "{} of {count} messages are in {}",
            ours.len(),
            folder.display()
        );
    }
}

/// The message in the mailbox of this user that holds this text, once it is there.
pub(super) async fn find(server: &Server, user: &str, text: &str) -> String {
    let folder = folder(server, user);
    let began = Instant::now();
    let mut looks = tokio::time::interval(PAUSE);
    loop {
        looks.tick().await;
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let messages = files.filter_map(|file| std::fs::read(file.path()).ok());
        let messages = messages.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if let Some(message) = messages.into_iter().find(|message| message.contains(text)) {
            return message;
        }
        assert!(began.elapsed() < PATIENCE, "no message in {} holds {text}", folder.display());
    }
}

/// The folder of the messages of this user.
fn folder(server: &Server, user: &str) -> PathBuf {
    let name = match server.get("SERVER") {
        "exim" | "exim-gsasl" => user.split('@').next().unwrap_or_default(),
        _ => user,
    };
    PathBuf::from(server.get("MAIL").replace("<user>", name))
}

/// The message in a file, with CRLF line ends and without the header fields that the server put
/// before it. These are trace fields: the message's own begin with `first`. `None` if the message
/// is of another test.
fn content(file: &Path, first: &[u8]) -> Option<Vec<u8>> {
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
    let start = stored.windows(first.len()).position(|bytes| bytes == first)?;
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
    Some(stored[start..].to_vec())
}
