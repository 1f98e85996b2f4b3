//! Arguments that write other arguments differently: what attributes of fields become.

use std::fmt::{self, Debug};

use super::line::{Argument, Line};

/// Text before a value: `#[smtp(prefix = "@")]`.
#[derive(Debug)]
pub struct Prefixed<'a, T: ?Sized>(pub &'static str, pub &'a T);

impl<T: Argument + ?Sized> Argument for Prefixed<'_, T> {
    fn write(&self, line: &mut Line<'_>) {
        self.0.write(line);
        self.1.write(line);
    }
}

/// Values with a separator between them: `#[smtp(join = ",")]`.
pub struct Join<'a, T, F>(&'a [T], &'static str, F);

/// Values, what stands between them, and how each is written.
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
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
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

/// Whether a value is what its type begins with.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whether there is nothing to join.
pub fn is_empty<T>(values: &[T]) -> bool {
    values.is_empty()
}
