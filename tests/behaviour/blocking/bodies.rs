//! Messages from readers and files of the standard library.

use std::convert::Infallible;
use std::fs;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use smtp::error::{DeliverError, Fault};
use smtp::{Body, Error};

use super::{Capture, envelope, greeted};

/// So many bytes of lines, each with a dot first.
fn lines(bytes: usize) -> Vec<u8> {
    b".line of a message\r\n".iter().copied().cycle().take(bytes / 20 * 20).collect()
}

/// A file that is gone with this value.
struct Kept(std::path::PathBuf);

impl Kept {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("smtp-{}-{name}", std::process::id()));
        fs::write(&path, bytes).expect("a file");
        Self(path)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn a_message_comes_from_bytes_a_reader_or_a_file() {
    let (capture, server) = Capture::in_clear();
    let mut connection = greeted(&server);
    let message = lines(300_000);
    let file = Kept::new("blocking-body", &message);
    let bodies = [
        Body::from(message.clone()),
        Body::from(&message[..]),
        Body::blocking_reader(&message[..]),
        Body::blocking_reader(&message[..]).length(message.len() as u64),
        Body::blocking_file(&file.0).expect("a file"),
        Body::each(|_| Ok::<_, Infallible>(Body::from(&message[..]))),
        Body::each(|_| Body::blocking_file(&file.0)),
    ];
    let count = bodies.len();
    for body in bodies {
        connection.deliver(&envelope(), body).expect("delivered");
    }
    connection.quit().expect("QUIT");
    let contents = capture.contents();
    assert_eq!(contents.len(), count);
    assert!(contents.iter().all(|content| *content == message));
}

#[test]
fn a_file_that_is_none_is_an_error_of_its_own() {
    let missing = Body::blocking_file("no such file").expect_err("there is none");
    assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    let folder = Body::blocking_file(std::env::temp_dir()).expect_err("a directory");
    assert_eq!(folder.kind(), io::ErrorKind::IsADirectory);
}

/// A reader that fails or panics after some bytes.
struct Breaks {
    left: usize,
    panics: bool,
}

impl Read for Breaks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            assert!(!self.panics, "the caller's own code");
            return Err(io::Error::other("the disk is gone"));
        }
        let length = self.left.min(buffer.len());
        buffer[..length].fill(b'x');
        self.left -= length;
        Ok(length)
    }
}

#[test]
fn a_reader_that_fails_abandons_its_message() {
    for (left, intact) in [(0, true), (100_000, false)] {
        let (capture, server) = Capture::in_clear();
        let mut connection = greeted(&server);
        let body = Body::blocking_reader(Breaks { left, panics: false });
        let error = connection.deliver(&envelope(), body).expect_err("the reader fails");
        assert!(Error::from(error).to_string().contains("the disk is gone"));
        let next = connection.deliver(&envelope(), "next\r\n");
        assert_eq!(next.is_ok(), intact, "{next:?}");
        assert_eq!(capture.contents().len(), usize::from(intact));
    }
}

#[test]
fn a_reader_that_panics_leaves_a_connection_that_says_so() {
    let (capture, server) = Capture::in_clear();
    let mut connection = greeted(&server);
    let body = Body::blocking_reader(Breaks { left: 100_000, panics: true });
    let call = || connection.deliver(&envelope(), body);
    catch_unwind(AssertUnwindSafe(call)).expect_err("the reader panics");
    let error = connection.deliver(&envelope(), "next\r\n").expect_err("it is out of step");
    let DeliverError::NotSent(unsent) = error else { panic!("{error}") };
    let lost = unsent.lost().expect("a lost connection");
    assert!(matches!(lost.fault(), Fault::Interrupted), "{lost}");
    assert!(capture.contents().is_empty());
}
