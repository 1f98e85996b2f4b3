//! Contents of messages that are sent more than once.

use bytes::Bytes;

use super::Content;

/// The content of a message that may be sent more than once: it can be read again.
///
/// Bytes and text are, whose memory the message owns or that live for ever, and so is a file
/// ([`Content::File`]). A stream is not, nor is a [`Body`](smtp::Body), which may be one: those go
/// to [`Pool::send`](crate::Pool::send), which sends them once.
#[diagnostic::on_unimplemented(
    message = "a message from `{Self}` can be read only once, so it cannot be sent again",
    label = "cannot be read a second time",
    note = "give `Bytes`, `Vec<u8>`, `String`, a `&'static` text or slice, or `Content::File`",
    note = "`Pool::send` takes any body, and makes one attempt"
)]
pub trait Repeatable {
    /// The content.
    fn into_content(self) -> Content;
}

impl Repeatable for Content {
    fn into_content(self) -> Content {
        self
    }
}

impl Repeatable for Bytes {
    fn into_content(self) -> Content {
        Content::Bytes(self)
    }
}

impl Repeatable for Vec<u8> {
    fn into_content(self) -> Content {
        Content::Bytes(self.into())
    }
}

impl Repeatable for String {
    fn into_content(self) -> Content {
        Content::Bytes(self.into())
    }
}

impl Repeatable for &'static str {
    fn into_content(self) -> Content {
        Content::Bytes(Bytes::from_static(self.as_bytes()))
    }
}

impl Repeatable for &'static [u8] {
    fn into_content(self) -> Content {
        Content::Bytes(Bytes::from_static(self))
    }
}

impl<const N: usize> Repeatable for &'static [u8; N] {
    fn into_content(self) -> Content {
        Content::Bytes(Bytes::from_static(self))
    }
}
