//! Groups as tuples: a member behind another makes a longer tuple, and the outcomes of a tuple of
//! members are a tuple again.

use super::element::{Element, Typed};

/// A member of a group that comes to the outcome `O`.
pub struct Member<'a, O>(Box<dyn Typed<O> + 'a>);

impl<'a, O> Member<'a, O> {
    pub(super) fn new(member: impl Typed<O> + 'a) -> Self {
        Self(Box::new(member))
    }
}

impl<O> std::fmt::Debug for Member<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Member")
    }
}

/// The members of a group that has room for one more.
#[diagnostic::on_unimplemented(
    message = "this group of commands is full",
    label = "a group has at most 16 members",
    note = "`each` takes any number of commands as one member, `deliver_all` any number of messages"
)]
pub trait Room: sealed::Sealed {
    /// The members, and one more.
    type With<M>;
    #[doc(hidden)]
    fn with<M>(self, member: M) -> Self::With<M>;
}

/// The members of a group.
pub trait Members: sealed::Sealed {
    /// The outcomes of all members, in their order.
    type Outcomes;
    #[doc(hidden)]
    fn elements(&mut self) -> sealed::Elements<'_>;
    #[doc(hidden)]
    fn outcomes(self) -> Self::Outcomes;
}

macro_rules! rooms {
    ($($($member:ident)*;)*) => {$(
        impl<$($member),*> Room for ($($member,)*) {
            type With<M> = ($($member,)* M,);

            #[allow(non_snake_case, reason = "a member is called as its type is")]
            fn with<M>(self, member: M) -> Self::With<M> {
                let ($($member,)*) = self;
                ($($member,)* member,)
            }
        }
    )*};
}

macro_rules! groups {
    ($($($outcome:ident)*;)*) => {$(
        impl<$($outcome),*> sealed::Sealed for ($($outcome,)*) {}

        impl<'a, $($outcome),*> Members for ($(Member<'a, $outcome>,)*) {
            type Outcomes = ($($outcome,)*);

            #[allow(non_snake_case, reason = "a member is called as its outcome is")]
            fn elements(&mut self) -> sealed::Elements<'_> {
                let ($($outcome,)*) = self;
                sealed::Elements(vec![$(&mut *$outcome.0 as &mut dyn Element),*])
            }

            #[allow(non_snake_case, reason = "a member is called as its outcome is")]
            #[allow(clippy::unused_unit, reason = "a group of nothing has no outcomes")]
            fn outcomes(self) -> Self::Outcomes {
                let ($($outcome,)*) = self;
                ($($outcome.0.outcome(),)*)
            }
        }
    )*};
}

rooms! {
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
    /// The members of a group, whatever they are.
    #[allow(missing_debug_implementations, reason = "nobody outside can have one")]
    pub struct Elements<'e>(pub(in super::super) Vec<&'e mut dyn super::Element>);

    #[allow(unnameable_types, reason = "nobody outside implements it")]
    pub trait Sealed {}
}
