//! The kind of content, which must not be left out.

use smtp::extension::{BodyKind, MayBeLeftOut};

fn optional(_: impl MayBeLeftOut) {}

fn program() {
    optional(BodyKind::EightBitMime);
}

fn main() {}
