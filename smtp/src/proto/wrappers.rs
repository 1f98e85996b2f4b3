//! Arguments that write other arguments differently: what attributes of fields become.

use std::fmt::{self, Debug, Display};

use smtp_grammar::Xtext;

use super::line::{Argument, Line};

// These hold what they write as a `dyn` value: a type that cannot be written is then one error, at
// the function that it is given to, and not another where the result is written.

/// Text before a value: `#[smtp(prefix = "@")]`.
pub struct Prefixed<'a>(&'static str, &'a dyn Argument);

/// Text, and the value after it.
pub fn prefixed<'a, T: Argument>(prefix: &'static str, value: &'a T) -> Prefixed<'a> {
    Prefixed(prefix, value)
}

impl Argument for Prefixed<'_> {
    fn write(&self, line: &mut Line<'_>) {
        self.0.write(line);
        // The server would read the text before it as the value.
        let (mut before, mut after) = (0, 0);
        line.bytes(|buffer| before = buffer.len());
        self.1.write(line);
        line.bytes(|buffer| after = buffer.len());
        if before == after {
            line.reject(format!("is empty after {:?}", self.0));
        }
    }
}

impl Debug for Prefixed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prefixed").field(&self.0).finish_non_exhaustive()
    }
}

/// Values with a separator between them: `#[smtp(join = ",")]`.
pub struct Join<'a, T, F>(&'a [T], &'static str, F);

/// A list of values with a separator, and how each is written.
pub fn join<'a, T, F: Fn(&T, &mut Line<'_>)>(
    values: &'a [T],
    separator: &'static str,
    write: F,
) -> Join<'a, T, F> {
    Join(values, separator, write)
}

impl<T, F: Fn(&T, &mut Line<'_>)> Argument for Join<'_, T, F> {
    fn write(&self, line: &mut Line<'_>) {
        let Self(values, separator, write) = self;
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                separator.write(line);
            }
            write(value, line);
        }
    }
}

impl<T, F> Debug for Join<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join")
            .field("values", &self.0.len())
            .field("separator", &self.1)
            .finish_non_exhaustive()
    }
}

/// A value that can be written as xtext: `#[smtp(xtext)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no text that could be encoded as xtext",
    label = "does not implement `Display`",
    note = "implement `Display` for it; a `Secret` is written as it is, with `base64`, or by a function: `with = path`"
)]
pub trait Text: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display> Text for T {}

/// A value, encoded as xtext (RFC 3461 §4).
pub fn xtext<T: Text>(value: &T) -> Xtext<&dyn Display> {
    Xtext(value)
}

/// A value that can be told from the default of its type: `#[smtp(unless_default)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default that a value could be compared with",
    label = "does not implement both `Default` and `PartialEq`",
    note = "derive them: `#[derive(Default, PartialEq)]`, or remove `#[smtp(unless_default)]`"
)]
pub trait Defaulted {
    /// Whether a value is what its type begins with.
    fn is_default(&self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<T: Default + PartialEq> Defaulted for T {
    fn is_default(&self) -> bool {
        *self == T::default()
    }
}

/// Whether a value is what its type begins with.
pub fn is_default<T: Defaulted>(value: &T) -> bool {
    value.is_default()
}

/// Whether there is nothing to join.
pub fn is_empty<T>(values: &[T]) -> bool {
    values.is_empty()
}
