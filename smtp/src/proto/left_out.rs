//! The optional parameters that a command line went without.

use std::borrow::Cow;

/// Keywords, in the order in which the line would have had them.
#[derive(Debug, Default)]
pub struct LeftOutKeywords(pub(crate) Vec<Cow<'static, str>>);
