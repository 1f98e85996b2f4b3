//! The fields of a certificate, for people: an error shows them, and so may a caller.
//!
//! A verifier of the TLS library has accepted or refused the certificate already. Nothing is
//! decided by these fields but words.

mod der;
mod fields;
#[cfg(test)]
mod tests;
mod text;

pub use fields::CertificateFields;
pub(crate) use text::{algorithm, listed};
