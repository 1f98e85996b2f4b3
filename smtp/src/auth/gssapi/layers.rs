//! The last two messages of GSSAPI: the server offers security layers, and the client takes none
//! (RFC 4752 §3.1).

use crate::error::mechanism::MechanismError;

/// The bit of "no security layer".
const NO_LAYER: u8 = 1;

/// Reads the server's offer, which was unwrapped.
///
/// ```text
/// offer = mask max-size      ; a byte: 1 none, 2 integrity, 4 confidentiality; 3 bytes
/// ```
///
/// By RFC 4752 the size is 0 where no layer is offered. It is not looked at: Dovecot offers none
/// and sends 0xffffff, and without a layer it has no meaning.
///
/// # Errors
///
/// When the offer has another length, or does not allow to do without a layer.
pub(super) fn check_offer(offer: &[u8]) -> Result<(), MechanismError> {
    let &[mask, _, _, _] = offer else {
        return Err(MechanismError::new(format!(
            "the server's offer of security layers has {} bytes, and not 4",
            offer.len()
        )));
    };
    if mask & NO_LAYER == 0 {
        return Err(MechanismError::new(format!(
            "the server demands a security layer, which is not provided: use TLS, and have the \
             server allow to do without (it offers {mask:#04x})"
        )));
    }
    Ok(())
}

/// The client's choice, which is to be wrapped.
///
/// ```text
/// choice = mask max-size [authzid]           ; no layer, size 0, UTF-8 without NUL
/// ```
pub(super) fn choice(authzid: &str) -> Vec<u8> {
    [&[NO_LAYER, 0, 0, 0], authzid.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers() {
        let table: &[(&[u8], Result<(), &str>)] = &[
            (&[1, 0, 0, 0], Ok(())),
            (&[7, 0, 16, 0], Ok(())),
            (&[1, 0xff, 0xff, 0xff], Ok(())),
            (&[6, 0, 16, 0], Err("demands a security layer, which is not provided")),
            (&[2, 0, 16, 0], Err("it offers 0x02")),
            (&[0, 0, 0, 0], Err("demands a security layer")),
            (&[], Err("has 0 bytes, and not 4")),
            (&[1, 0, 0], Err("has 3 bytes, and not 4")),
            (&[1, 0, 0, 0, 0], Err("has 5 bytes, and not 4")),
        ];
        for (offer, expected) in table {
            let checked = check_offer(offer).map_err(|error| error.to_string());
            match expected {
                Ok(()) => assert_eq!(checked, Ok(()), "{offer:?}"),
                Err(part) => {
                    let error = checked.expect_err(part);
                    assert!(error.contains(part), "{offer:?}: {error}");
                }
            }
        }
    }

    #[test]
    fn choices() {
        assert_eq!(choice(""), [1, 0, 0, 0]);
        assert_eq!(choice("zoë"), b"\x01\x00\x00\x00zo\xc3\xab");
    }
}
