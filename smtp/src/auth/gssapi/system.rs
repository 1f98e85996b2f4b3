//! The GSS-API library of the system, through libgssapi, and the words for its errors.

use libgssapi::context::{ClientCtx, CtxFlags, SecurityContext as _};
use libgssapi::error::{Error, MajorFlags};
use libgssapi::name::Name;
use libgssapi::oid::{GSS_MECH_KRB5, GSS_MECH_SPNEGO, GSS_NT_HOSTBASED_SERVICE};

use super::context::{Inner, SecurityContext};
use super::token::without_header;
use crate::error::mechanism::MechanismError;
use crate::secret::Secret;

/// A context of the library. It is dropped without a call to the network.
struct SystemContext {
    context: ClientCtx,
    service: String,
}

/// Makes a context with the tickets of the environment.
pub(super) fn open(
    inner: Inner,
    service: &str,
) -> Result<Box<dyn SecurityContext>, MechanismError> {
    let name = Name::new(service.as_bytes(), Some(GSS_NT_HOSTBASED_SERVICE))
        .map_err(|error| failure(error, service, Cause::Other))?;
    // Integrity protects the choice of a layer (RFC 4752 §3.1) and the negotiation of SPNEGO. GS2
    // of Cyrus SASL refuses contexts without a sequence. No ticket is delegated.
    let flags =
        CtxFlags::GSS_C_MUTUAL_FLAG | CtxFlags::GSS_C_INTEG_FLAG | CtxFlags::GSS_C_SEQUENCE_FLAG;
    let mechanism = match inner {
        Inner::Kerberos => GSS_MECH_KRB5,
        Inner::Spnego => GSS_MECH_SPNEGO,
    };
    let context = ClientCtx::new(None, name, flags, Some(mechanism));
    Ok(Box::new(SystemContext { context, service: service.to_owned() }))
}

impl SecurityContext for SystemContext {
    fn step(
        &mut self,
        token: Option<&[u8]>,
        bindings: Option<&[u8]>,
    ) -> Result<Secret, MechanismError> {
        let next = self.context.step(token, bindings);
        let cause = token.map_or(Cause::FirstToken, Cause::Message);
        let next = next.map_err(|error| failure(error, &self.service, cause))?;
        Ok(next.map(|token| Secret::from(&*token)).unwrap_or_default())
    }

    fn is_established(&self) -> bool {
        self.context.is_complete()
    }

    fn is_mutual(&self) -> Result<bool, MechanismError> {
        let flags = self.context.flags();
        let flags = flags.map_err(|error| failure(error, &self.service, Cause::Other))?;
        Ok(flags.contains(CtxFlags::GSS_C_MUTUAL_FLAG))
    }

    fn unwrap(&mut self, message: &[u8]) -> Result<Vec<u8>, MechanismError> {
        let content = self.context.unwrap(message);
        content
            .map(|content| content.to_vec())
            .map_err(|error| failure(error, &self.service, Cause::Message(message)))
    }

    fn wrap(&mut self, message: &[u8]) -> Result<Secret, MechanismError> {
        let wrapped = self.context.wrap(false, message);
        wrapped
            .map(|message| Secret::from(&*message))
            .map_err(|error| failure(error, &self.service, Cause::Other))
    }
}

/// The bits of a major status that say why a routine failed (RFC 2744 §3.9.1).
const ROUTINE_ERROR: u32 = 0x00ff_0000;

/// Minor statuses of Kerberos, which MIT and Heimdal number alike. The library gives them as
/// unsigned numbers; here they are as `krb5.h` writes them.
const KDC_ERR_S_PRINCIPAL_UNKNOWN: i32 = -1_765_328_377;
const AP_ERR_BAD_INTEGRITY: i32 = -1_765_328_353;
const AP_ERR_TKT_EXPIRED: i32 = -1_765_328_352;
const MUTUAL_FAILED: i32 = -1_765_328_226;

/// The bytes that begin an AP-REP, with which the server proves who it is (RFC 4121 §4.1).
const AP_REP: [u8; 2] = [2, 0];

/// Characters of the library's text that an error shows.
const SHOWN_CHARACTERS: usize = 300;

/// The call that has failed.
#[derive(Clone, Copy)]
enum Cause<'a> {
    /// It was to make the first token, of a ticket.
    FirstToken,
    /// It has read this message of the server's.
    Message(&'a [u8]),
    Other,
}

/// The error of a call.
///
/// It must be made on the thread of the call: MIT keeps the texts of its errors for each thread.
fn failure(error: Error, service: &str, cause: Cause<'_>) -> MechanismError {
    let text: String = error.to_string().escape_debug().take(SHOWN_CHARACTERS).collect();
    let (routine, minor) = (error.major.bits() & ROUTINE_ERROR, error.minor.cast_signed());
    describe(routine, minor, &text, service, cause)
}

fn describe(
    routine: u32,
    minor: i32,
    text: &str,
    service: &str,
    cause: Cause<'_>,
) -> MechanismError {
    if let Cause::Message(message) = cause
        && proves_impostor(routine, minor, message)
    {
        return MechanismError::untrusted(format!(
            "it does not hold the key of {service}: it may be an attacker's ({text})"
        ));
    }
    let is = |flag: MajorFlags| routine == flag.bits();
    MechanismError::new(if is(MajorFlags::GSS_S_NO_CRED) {
        format!("there is no ticket for {service}: get one with `kinit` ({text})")
    } else if is(MajorFlags::GSS_S_CREDENTIALS_EXPIRED) || minor == AP_ERR_TKT_EXPIRED {
        format!("the ticket for {service} has expired: get a new one with `kinit` ({text})")
    } else if minor == KDC_ERR_S_PRINCIPAL_UNKNOWN {
        format!(
            "Kerberos knows no service {service}: `service_host` sets the host of its name ({text})"
        )
    } else if let Cause::FirstToken = cause {
        format!("there is no token for {service}: `klist` shows the tickets ({text})")
    } else {
        format!("the GSS-API failed for {service}: {text}")
    })
}

/// Whether a message of the server's is signed or encrypted with another key than the one that the
/// server and the ticket share.
///
/// One that cannot be read proves nothing, nor does an error that the server reports in a token: a
/// server whose key is out of date does that too. Inside of SPNEGO the minor status has no fixed
/// numbers, so there a wrong AP-REP is an error as any other.
fn proves_impostor(routine: u32, minor: i32, message: &[u8]) -> bool {
    let is_proof = without_header(message).is_some_and(|inner| inner.starts_with(&AP_REP));
    let is_wrong_proof = is_proof && matches!(minor, AP_ERR_BAD_INTEGRITY | MUTUAL_FAILED);
    routine == MajorFlags::GSS_S_BAD_MIC.bits() || is_wrong_proof
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: u32 = 0xd_0000;
    const PROOF: &[u8] = b"\x60\x06\x06\x01\x2a\x02\x00x";
    const REPORT: &[u8] = b"\x60\x06\x06\x01\x2a\x03\x00x";

    /// The statuses are those that MIT Kerberos 1.20 gives in these cases.
    #[test]
    fn errors() {
        let (first, proof, report) =
            (Cause::FirstToken, Cause::Message(PROOF), Cause::Message(REPORT));
        let (signed, negotiation) = (Cause::Message(b"\x05\x04"), Cause::Message(b"\xa1\x00"));
        let failed = "the GSS-API failed for smtp@h: text";
        let table = [
            ("no ticket", 0x7_0000, -1_765_328_243, first, "get one with `kinit` (text)", false),
            ("expired", FAILURE, -1_765_328_352, first, "has expired: get a new one", false),
            ("expired, by its status", 0xb_0000, 0, first, "has expired: get a new one", false),
            ("no service", FAILURE, -1_765_328_377, first, "`service_host` sets the host", false),
            ("in SPNEGO", FAILURE, 100_001, first, "`klist` shows the tickets (text)", false),
            ("wrong proof", FAILURE, -1_765_328_353, proof, "not hold the key of smtp@h", true),
            ("old proof", FAILURE, -1_765_328_226, proof, "an attacker's (text)", true),
            ("reported", FAILURE, -1_765_328_353, report, failed, false),
            ("in SPNEGO", FAILURE, 100_005, negotiation, failed, false),
            ("wrong signature", 0x6_0000, 100_001, signed, "it may be an attacker", true),
            ("unreadable", 0x9_0000, 0, proof, failed, false),
            ("of no message", FAILURE, -1_765_328_353, Cause::Other, failed, false),
        ];
        for (name, routine, minor, cause, part, untrusted) in table {
            let error = describe(routine, minor, "text", "smtp@h", cause);
            assert!(error.to_string().contains(part), "{name}: {error}");
            assert_eq!(error.is_untrusted(), untrusted, "{name}: {error}");
        }
    }
}
