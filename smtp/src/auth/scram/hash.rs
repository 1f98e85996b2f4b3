//! The hash functions that SCRAM is defined for.

use hmac::digest::{Digest, KeyInit, Mac};
use hmac::{EagerHash, Hmac};
use zeroize::Zeroizing;

/// Bytes that are wiped.
pub(super) type Bytes = Zeroizing<Vec<u8>>;

mod sealed {
    pub trait Sealed {}
}

/// A hash function with a SCRAM mechanism of its name.
pub trait ScramHash: sealed::Sealed + 'static {
    /// The name of the mechanism: `SCRAM-SHA-256`.
    const NAME: &'static str;
    /// The name of the mechanism that binds the TLS session: `SCRAM-SHA-256-PLUS`.
    const PLUS: &'static str;
    /// HMAC with this hash function, keyed.
    #[doc(hidden)]
    type Keyed: Mac + KeyInit + Clone + Send;
    /// The hash of some bytes.
    #[doc(hidden)]
    fn hash(bytes: &[u8]) -> Vec<u8>;
}

/// HMAC with this key.
pub(super) fn keyed<H: ScramHash>(key: &[u8]) -> H::Keyed {
    match <H::Keyed as KeyInit>::new_from_slice(key) {
        Ok(keyed) => keyed,
        // HMAC takes keys of every length (RFC 2104 §3).
        Err(_) => <H::Keyed as KeyInit>::new(&hmac::digest::Key::<H::Keyed>::default()),
    }
}

/// `HMAC(key, bytes)`.
pub(super) fn hmac<H: ScramHash>(key: &[u8], bytes: &[u8]) -> Bytes {
    let mut keyed = keyed::<H>(key);
    keyed.update(bytes);
    Zeroizing::new(keyed.finalize().into_bytes().to_vec())
}

fn hash<D: EagerHash>(bytes: &[u8]) -> Vec<u8> {
    <D as Digest>::digest(bytes).to_vec()
}

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident = $function:ty, $mechanism:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl sealed::Sealed for $name {}

        impl ScramHash for $name {
            const NAME: &'static str = $mechanism;
            const PLUS: &'static str = concat!($mechanism, "-PLUS");
            type Keyed = Hmac<$function>;

            fn hash(bytes: &[u8]) -> Vec<u8> {
                hash::<$function>(bytes)
            }
        }
    )*};
}

hashes! {
    /// SHA-1: 20 bytes.
    Sha1 = sha1::Sha1, "SCRAM-SHA-1";
    /// SHA-224: 28 bytes.
    Sha224 = sha2::Sha224, "SCRAM-SHA-224";
    /// SHA-256: 32 bytes.
    Sha256 = sha2::Sha256, "SCRAM-SHA-256";
    /// SHA-384: 48 bytes.
    Sha384 = sha2::Sha384, "SCRAM-SHA-384";
    /// SHA-512: 64 bytes.
    Sha512 = sha2::Sha512, "SCRAM-SHA-512";
}

#[cfg(test)]
mod tests {
    use hmac::digest::block_api::{Buffer, EagerHash};

    use super::*;
    use crate::secret::tests::{Wiped, is_wiped};

    /// A hash function, and HMAC with it, which consists of two of its cores and of a buffer.
    fn wiped<D: EagerHash + Wiped>()
    where
        D::Core: Wiped,
    {
        is_wiped(&D::new());
        is_wiped(&D::Core::default());
        is_wiped(&Buffer::<D::Core>::default());
    }

    #[test]
    fn hash_functions_are_wiped() {
        wiped::<sha1::Sha1>();
        wiped::<sha2::Sha224>();
        wiped::<sha2::Sha256>();
        wiped::<sha2::Sha384>();
        wiped::<sha2::Sha512>();
        is_wiped(&hmac::<Sha256>(b"key", b"text"));
    }
}
