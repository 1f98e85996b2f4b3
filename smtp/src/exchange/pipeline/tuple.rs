//! Groups as tuples: one more entry makes a longer tuple, and a tuple of entries becomes a tuple
//! of their outcomes.
//!
//! So each outcome has its own type, and is found by its position.

use super::entry::{Entry, WithOutcome};

/// An entry of a group with the outcome `O`.
#[allow(missing_debug_implementations, reason = "no caller can have one")]
pub struct OutcomeEntry<'a, O>(Box<dyn WithOutcome<'a, O> + 'a>);

impl<'a, O> OutcomeEntry<'a, O> {
    pub(crate) fn new(entry: impl WithOutcome<'a, O> + 'a) -> Self {
        Self(Box::new(entry))
    }
}

/// The entries of a group that has room for one more.
#[diagnostic::on_unimplemented(
    message = "this group of commands is full",
    label = "a group has at most 16 entries",
    note = "`each` takes any number of commands as one entry, `deliver_all` any number of messages"
)]
pub trait Append: sealed::Sealed {
    /// The entries, and one more.
    type With<M>;
    #[doc(hidden)]
    fn with<M>(self, entry: M) -> Self::With<M>;
}

/// The entries of a group.
pub trait Entries<'a>: sealed::Sealed {
    /// The outcomes of all entries, in their order.
    type Outcomes;
    #[doc(hidden)]
    fn entry(&mut self, index: usize) -> Option<sealed::EntryMut<'_, 'a>>;
    #[doc(hidden)]
    fn outcomes(self) -> Self::Outcomes;
}

macro_rules! appends {
    ($($($entry:ident)*;)*) => {$(
        impl<$($entry),*> Append for ($($entry,)*) {
            type With<M> = ($($entry,)* M,);

            #[allow(non_snake_case, reason = "an entry is called as its type is")]
            fn with<M>(self, entry: M) -> Self::With<M> {
                let ($($entry,)*) = self;
                ($($entry,)* entry,)
            }
        }
    )*};
}

macro_rules! groups {
    ($($($outcome:ident)*;)*) => {$(
        impl<$($outcome),*> sealed::Sealed for ($($outcome,)*) {}

        impl<'a, $($outcome),*> Entries<'a> for ($(OutcomeEntry<'a, $outcome>,)*) {
            type Outcomes = ($($outcome,)*);

            #[allow(non_snake_case, reason = "an entry is called as its outcome is")]
            // A tuple has no index at run time: each entry counts it down.
            fn entry(&mut self, mut index: usize) -> Option<sealed::EntryMut<'_, 'a>> {
                let ($($outcome,)*) = self;
                $(
                    if index == 0 {
                        return Some(sealed::EntryMut($outcome.0.as_entry()));
                    }
                    index = index.wrapping_sub(1);
                )*
                let _ = index;
                None
            }

            #[allow(non_snake_case, reason = "an entry is called as its outcome is")]
            #[allow(clippy::unused_unit, reason = "a group of nothing has no outcomes")]
            fn outcomes(self) -> Self::Outcomes {
                let ($($outcome,)*) = self;
                ($($outcome.0.outcome(),)*)
            }
        }
    )*};
}

appends! {
    ; A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
    A B C D E F G H I; A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L;
    A B C D E F G H I J K L N; A B C D E F G H I J K L N O; A B C D E F G H I J K L N O P;
}

groups! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
    A B C D E F G H I; A B C D E F G H I J; A B C D E F G H I J K; A B C D E F G H I J K L;
    A B C D E F G H I J K L N; A B C D E F G H I J K L N O; A B C D E F G H I J K L N O P;
    A B C D E F G H I J K L N O P Q;
}

impl sealed::Sealed for () {}

mod sealed {
    /// An entry of a group, of any kind.
    #[allow(missing_debug_implementations, reason = "no caller can have one")]
    pub struct EntryMut<'e, 'a>(pub(in super::super) &'e mut (dyn super::Entry<'a> + 'a));

    #[allow(unnameable_types, reason = "no caller implements it")]
    pub trait Sealed {}
}
