//! Bytes that must not be shown: passwords, tokens, what is computed from them.
//!
//! They redact themselves in every build and are wiped when dropped. No form of logging is safe
//! with a `String`.

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use zeroize::Zeroizing;

use crate::proto::line::{Argument, Line};

/// A secret.
///
/// ```
/// use smtp::Secret;
///
/// let password = Secret::from("pencil");
/// assert_eq!(format!("{password:?}"), "Secret(<redacted>)");
/// assert_eq!(password.expose(), b"pencil");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// The bytes themselves. A copy of them is no longer protected.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Joins bytes into one secret, without leaving parts of them in smaller buffers.
    pub fn concat(parts: &[&[u8]]) -> Self {
        let mut joined = Vec::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            joined.extend_from_slice(part);
        }
        Self(Zeroizing::new(joined))
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(<redacted>)")
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(Zeroizing::new(secret.into_bytes()))
    }
}

impl From<Vec<u8>> for Secret {
    fn from(secret: Vec<u8>) -> Self {
        Self(Zeroizing::new(secret))
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self(Zeroizing::new(secret.as_bytes().to_vec()))
    }
}

impl From<&[u8]> for Secret {
    fn from(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.to_vec()))
    }
}

impl Argument for Secret {
    fn write(&self, line: &mut Line<'_>) {
        line.secret(|buffer| buffer.extend_from_slice(&self.0));
    }
}

/// A value that is written as it is, and treated as a [`Secret`]: `#[smtp(secret)]`.
pub struct Hidden<'a>(&'a dyn Argument);

/// A value that is treated as a secret.
pub fn hidden<T: Argument>(value: &T) -> Hidden<'_> {
    Hidden(value)
}

impl Argument for Hidden<'_> {
    fn write(&self, line: &mut Line<'_>) {
        line.hide(|line| self.0.write(line));
    }
}

impl Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(<redacted>)")
    }
}

/// A value that a function has encoded: `#[smtp(with = path)]`.
pub struct Encoded<T> {
    value: T,
    /// Kept here, so that a result that cannot be written is one error.
    write: fn(&T, &mut Line<'_>),
    secret: bool,
}

/// The result of a function for a value. It is a secret where the value is one.
pub fn encoded<V: ?Sized, T: Argument>(_: &V, encoded: T) -> Encoded<T> {
    // The type's name, because it is found in any type: through an alias, a reference or an
    // `Option`, and in place of a parameter. A type of another crate with this name is redacted
    // too.
    let secret = std::any::type_name::<V>().contains(std::any::type_name::<Secret>());
    Encoded { value: encoded, write: T::write, secret }
}

impl<T> Argument for Encoded<T> {
    fn write(&self, line: &mut Line<'_>) {
        if self.secret {
            line.hide(|line| (self.write)(&self.value, line));
        } else {
            (self.write)(&self.value, line);
        }
    }
}

impl<T> Debug for Encoded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoded(..)")
    }
}

/// Bytes of a field that may be a secret: text, bytes, a number, or a [`Secret`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no bytes to send",
    label = "neither text, nor bytes, nor a number, nor a `Secret`",
    note = "such types are `String`, `&str`, `Vec<u8>`, `[u8; N]`, `Bytes`, integers and `Secret`, also in `Option`, `Cow`, `Box` and `Arc`; for any other, implement `smtp::auth::AsBytes`"
)]
pub trait AsBytes {
    /// The bytes.
    fn as_bytes(&self) -> Cow<'_, [u8]>;

    /// Whether they must not be shown.
    fn is_secret(&self) -> bool {
        false
    }
}

impl AsBytes for Secret {
    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.0)
    }
    fn is_secret(&self) -> bool {
        true
    }
}

/// The bytes of a field. Those that were made for it, such as a name with escapes, are wiped: they
/// may be a copy of a secret.
pub(crate) enum FieldBytes<'a> {
    Borrowed(&'a [u8]),
    Copied(Secret),
}

impl<'a> From<Cow<'a, [u8]>> for FieldBytes<'a> {
    fn from(bytes: Cow<'a, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => Self::Borrowed(bytes),
            Cow::Owned(bytes) => Self::Copied(Secret::from(bytes)),
        }
    }
}

impl Deref for FieldBytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Copied(bytes) => bytes.expose(),
        }
    }
}

macro_rules! as_bytes_of {
    ($($plain:ty),*) => {$(
        impl AsBytes for $plain {
            fn as_bytes(&self) -> Cow<'_, [u8]> {
                Cow::Borrowed(self.as_ref())
            }
        }
    )*};
}

as_bytes_of!(str, String, [u8], Vec<u8>, Bytes);

impl<const N: usize> AsBytes for [u8; N] {
    fn as_bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }
}

macro_rules! digits_of {
    ($($number:ty),*) => {$(
        impl AsBytes for $number {
            fn as_bytes(&self) -> Cow<'_, [u8]> {
                Cow::Owned(self.to_string().into_bytes())
            }
        }
    )*};
}

// In decimal. No `u8`: a byte is not a number of a message.
digits_of!(u16, u32, u64, u128, usize, i16, i32, i64, i128, isize);

macro_rules! bytes_in {
    ($($pointer:ty),*) => {$(
        impl<T: AsBytes + ?Sized> AsBytes for $pointer {
            fn as_bytes(&self) -> Cow<'_, [u8]> {
                T::as_bytes(self)
            }
            fn is_secret(&self) -> bool {
                T::is_secret(self)
            }
        }
    )*};
}

bytes_in!(&T, Box<T>, Arc<T>, Rc<T>);

impl<T: AsBytes + ToOwned + ?Sized> AsBytes for Cow<'_, T> {
    fn as_bytes(&self) -> Cow<'_, [u8]> {
        T::as_bytes(self)
    }
    fn is_secret(&self) -> bool {
        T::is_secret(self)
    }
}

/// Nothing is no bytes.
impl<T: AsBytes> AsBytes for Option<T> {
    fn as_bytes(&self) -> Cow<'_, [u8]> {
        self.as_ref().map_or(Cow::Borrowed(&[]), AsBytes::as_bytes)
    }
    fn is_secret(&self) -> bool {
        self.as_ref().is_some_and(AsBytes::is_secret)
    }
}

/// Bytes that are written as base64. No bytes are written as `=`, as RFC 4954 §4 writes an empty
/// initial response.
pub struct Base64<'a>(&'a dyn AsBytes);

/// Bytes, to be written as base64.
pub fn base64<T: AsBytes>(bytes: &T) -> Base64<'_> {
    Base64(bytes)
}

impl Argument for Base64<'_> {
    fn write(&self, line: &mut Line<'_>) {
        let bytes = FieldBytes::from(self.0.as_bytes());
        if bytes.is_empty() {
            line.bytes(|buffer| buffer.push(b'='));
        } else if self.0.is_secret() {
            line.secret(|buffer| encode(&bytes, buffer));
        } else {
            line.bytes(|buffer| encode(&bytes, buffer));
        }
    }
}

impl Debug for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Base64(..)")
    }
}

/// Appends the base64 of bytes. The buffer grows once, so that none of it is left in a smaller one if
/// it was empty.
pub(crate) fn encode(bytes: &[u8], buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.resize(start + bytes.len().div_ceil(3) * 4, 0);
    // The buffer has the exact length of the encoding, so there is nothing that could fail.
    let _ = STANDARD.encode_slice(bytes, &mut buffer[start..]);
}

#[cfg(test)]
pub(crate) mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    /// A type that overwrites its bytes when it is dropped.
    ///
    /// Safe code cannot look at memory that was given back. So tests take apart the types that hold
    /// secrets: each field of a secret must have such a type, and a field that is added does not
    /// compile until it has its place there. That the bytes are overwritten, and that no other copy
    /// of them is left, is shown by the program `freed` of the benchmarks.
    pub(crate) trait Wiped {}

    impl<T: ZeroizeOnDrop> Wiped for T {}

    impl Wiped for Secret {}

    /// Compiles where the value is wiped.
    pub(crate) fn is_wiped<T: Wiped>(_: &T) {}

    #[test]
    fn the_bytes_of_a_secret_are_wiped() {
        let Secret(bytes) = Secret::from("pencil");
        is_wiped(&bytes);
    }
}
