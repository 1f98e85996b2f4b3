//! How strong a mechanism is.

/// The protection that a mechanism gives, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Strength {
    /// The secret reaches the server, inside TLS.
    #[default]
    Reveals,
    /// The secret is not revealed, but those who hear the exchange, or the server itself, can try
    /// passwords until one fits, and fast.
    Guessable,
    /// The secret is proved and not revealed, and the server proves that it knows it.
    Proof,
    /// The proof is bound to the TLS session too, so that no third side can pass it on.
    BoundProof,
}
