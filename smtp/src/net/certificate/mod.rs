//! The fields of a certificate that an error shows.
//!
//! The verifier has refused the certificate already. Nothing is decided by these fields but words.

mod der;
mod fields;
#[cfg(test)]
mod tests;
mod text;

pub(super) use fields::Fields;
pub(super) use text::{algorithm, listed};
