//! A server that sends more replies than commands.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};

/// Serves a session over `stream`, reads no further before each reply is written, and answers MAIL
/// with `mail` and each recipient with a line that is longer than what was read for it. Returns how
/// many recipients it saw.
///
/// # Panics
///
/// When the client is gone before QUIT.
pub async fn answer_each(stream: impl AsyncRead + AsyncWrite, mail: &str) -> usize {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut lines = BufReader::new(reader).lines();
    writer.write_all(b"220 hi\r\n").await.expect("a client");
    let mut seen = 0_usize;
    while let Some(line) = lines.next_line().await.expect("a client") {
        let reply = match line.split(' ').next().unwrap_or_default() {
            "EHLO" => "250-mail\r\n250 PIPELINING\r\n".to_owned(),
            "MAIL" => format!("{mail}\r\n"),
            "DATA" => "354 go\r\n".to_owned(),
            "RCPT" => {
                seen += 1;
                format!("250 2.1.5 recipient number {seen} is one that we like very much\r\n")
            }
            _ if line == "x" => continue,
            _ => "250 ok\r\n".to_owned(),
        };
        let written = writer.write_all(reply.as_bytes()).await;
        if line == "QUIT" {
            // Not everybody waits for the answer.
            break;
        }
        written.expect("a client");
    }
    seen
}
