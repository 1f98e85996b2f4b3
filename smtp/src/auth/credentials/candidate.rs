//! The mechanisms that credentials may use, in the order in which they are tried.

use super::strength::Strength;
use crate::auth::anonymous::Anonymous;
#[cfg(any(feature = "scram", feature = "gssapi"))]
use crate::auth::binding::ChannelBinding;
#[cfg(feature = "legacy-auth")]
use crate::auth::cram_md5::CramMd5;
#[cfg(feature = "legacy-auth")]
use crate::auth::digest_md5::DigestMd5;
use crate::auth::external::External;
use crate::auth::facts::Facts;
#[cfg(feature = "gssapi")]
use crate::auth::gssapi::{Gs2Krb5, Gssapi, Spnego};
use crate::auth::login::Login;
use crate::auth::mechanism::Mechanism;
#[cfg(feature = "legacy-auth")]
use crate::auth::ntlm::Ntlm;
use crate::auth::oauthbearer::OAuthBearer;
use crate::auth::plain::Plain;
#[cfg(feature = "scram")]
use crate::auth::scram::{Scram, ScramHash, Sha1, Sha224, Sha256, Sha384, Sha512};
use crate::auth::xoauth2::XOauth2;
use crate::secret::Secret;

/// Who authenticates.
#[derive(Default)]
pub(super) struct Account {
    pub(super) user: String,
    /// The password or the token; empty where there is none, or none yet.
    pub(super) secret: Secret,
    pub(super) authzid: String,
}

/// A mechanism that may be chosen.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) name: &'static str,
    pub(super) strength: Strength,
    pub(super) needs: Needs,
    /// Whether it can ask to act as another user.
    pub(super) acts: bool,
    /// Whether it is chosen where the caller names it, and not by itself.
    pub(super) by_name_only: bool,
    pub(super) make: fn(&Account, &Facts<'_>) -> Box<dyn Mechanism>,
}

/// The property that a connection must have for a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// The secret may be revealed.
    Trust,
    /// It can be bound.
    #[cfg_attr(not(any(feature = "scram", feature = "gssapi")), allow(dead_code))]
    Binding,
}

impl Needs {
    /// Why the connection will not do, if it will not.
    pub(super) fn obstacle(self, facts: &Facts<'_>, is_named: bool) -> Option<&'static str> {
        let (fits, why) = match self {
            Self::Nothing => return None,
            Self::Trust => {
                (facts.may_reveal(), "it reveals the secret, and the server is not verified")
            }
            // Inside TLS 1.2 where it is named: there the other side may not know the binding.
            Self::Binding => (
                facts.binds_by_itself() || (is_named && facts.supports_exporter()),
                "the connection cannot be bound",
            ),
        };
        (!fits).then_some(why)
    }
}

impl Candidate {
    /// A mechanism that reveals the secret.
    const fn revealing(
        name: &'static str,
        make: fn(&Account, &Facts<'_>) -> Box<dyn Mechanism>,
    ) -> Self {
        let (strength, needs) = (Strength::Reveals, Needs::Trust);
        Self { name, strength, needs, acts: false, by_name_only: false, make }
    }

    /// A mechanism of the MD5 family.
    #[cfg(feature = "legacy-auth")]
    const fn guessable(
        name: &'static str,
        make: fn(&Account, &Facts<'_>) -> Box<dyn Mechanism>,
    ) -> Self {
        let (strength, needs) = (Strength::Guessable, Needs::Nothing);
        Self { name, strength, needs, acts: false, by_name_only: true, make }
    }

    /// A mechanism of Kerberos.
    #[cfg(feature = "gssapi")]
    const fn of_ticket(
        name: &'static str,
        make: fn(&Account, &Facts<'_>) -> Box<dyn Mechanism>,
    ) -> Self {
        let (strength, needs) = (Strength::Proof, Needs::Nothing);
        Self { name, strength, needs, acts: false, by_name_only: false, make }
    }

    const fn acting(mut self) -> Self {
        self.acts = true;
        self
    }
}

#[cfg(feature = "scram")]
const fn bound<H: ScramHash>() -> Candidate {
    Candidate {
        name: H::PLUS,
        strength: Strength::BoundProof,
        needs: Needs::Binding,
        acts: true,
        by_name_only: false,
        make: |own, _| {
            let scram = Scram::<H>::new(own.user.as_str(), own.secret.clone());
            let scram = scram.acting_as(own.authzid.as_str());
            Box::new(scram.channel_binding(ChannelBinding::Required))
        },
    }
}

#[cfg(feature = "scram")]
const SCRAM_PLUS: [&str; 5] = [Sha1::PLUS, Sha224::PLUS, Sha256::PLUS, Sha384::PLUS, Sha512::PLUS];

/// Where a -PLUS is offered and was not chosen, the caller does not want it: the client says that it
/// cannot bind, because a server that could refuses one that says it is not offered (RFC 5802 §6).
#[cfg(feature = "scram")]
const fn unbound<H: ScramHash>() -> Candidate {
    Candidate {
        name: H::NAME,
        strength: Strength::Proof,
        needs: Needs::Nothing,
        acts: true,
        by_name_only: false,
        make: |own, facts| {
            let scram = Scram::<H>::new(own.user.as_str(), own.secret.clone());
            let scram = scram.acting_as(own.authzid.as_str());
            let is_offered = SCRAM_PLUS.iter().any(|name| facts.mechanisms().has(name));
            Box::new(if is_offered { scram.channel_binding(ChannelBinding::Off) } else { scram })
        },
    }
}

/// Those of a password.
pub(super) const OF_PASSWORDS: &[Candidate] = &[
    #[cfg(feature = "scram")]
    bound::<Sha512>(),
    #[cfg(feature = "scram")]
    bound::<Sha384>(),
    #[cfg(feature = "scram")]
    bound::<Sha256>(),
    #[cfg(feature = "scram")]
    bound::<Sha224>(),
    #[cfg(feature = "scram")]
    bound::<Sha1>(),
    #[cfg(feature = "scram")]
    unbound::<Sha512>(),
    #[cfg(feature = "scram")]
    unbound::<Sha384>(),
    #[cfg(feature = "scram")]
    unbound::<Sha256>(),
    #[cfg(feature = "scram")]
    unbound::<Sha224>(),
    #[cfg(feature = "scram")]
    unbound::<Sha1>(),
    Candidate::revealing("PLAIN", |own, _| {
        let plain = Plain::new(own.user.as_str(), own.secret.clone());
        Box::new(plain.acting_as(own.authzid.as_str()))
    })
    .acting(),
    Candidate::revealing("LOGIN", |own, _| {
        Box::new(Login::new(own.user.as_str(), own.secret.clone()))
    }),
    #[cfg(feature = "legacy-auth")]
    Candidate::guessable("DIGEST-MD5", |own, _| {
        let digest = DigestMd5::new(own.user.as_str(), own.secret.clone());
        Box::new(digest.acting_as(own.authzid.as_str()))
    })
    .acting(),
    #[cfg(feature = "legacy-auth")]
    Candidate::guessable("CRAM-MD5", |own, _| {
        Box::new(CramMd5::new(own.user.as_str(), own.secret.clone()))
    }),
    #[cfg(feature = "legacy-auth")]
    Candidate::guessable("NTLM", |own, _| {
        Box::new(Ntlm::new(own.user.as_str(), own.secret.clone()))
    }),
];

/// Those of an access token.
pub(super) const OF_TOKENS: &[Candidate] = &[
    Candidate::revealing("OAUTHBEARER", |own, _| {
        Box::new(OAuthBearer::new(own.user.as_str(), own.secret.clone()))
    }),
    Candidate::revealing("XOAUTH2", |own, _| {
        Box::new(XOauth2::new(own.user.as_str(), own.secret.clone()))
    }),
];

/// Those of a Kerberos ticket.
#[cfg(feature = "gssapi")]
pub(super) const OF_TICKETS: &[Candidate] = &[
    Candidate {
        name: Gs2Krb5::PLUS,
        strength: Strength::BoundProof,
        needs: Needs::Binding,
        acts: true,
        by_name_only: false,
        make: |own, _| {
            let mechanism = Gs2Krb5::new().acting_as(own.authzid.as_str());
            Box::new(mechanism.channel_binding(ChannelBinding::Required))
        },
    },
    Candidate::of_ticket(Gs2Krb5::NAME, |own, facts| {
        let mechanism = Gs2Krb5::new().acting_as(own.authzid.as_str());
        // As SCRAM without -PLUS.
        let is_offered = facts.mechanisms().has(Gs2Krb5::PLUS);
        let off = |mechanism: Gs2Krb5| mechanism.channel_binding(ChannelBinding::Off);
        Box::new(if is_offered { off(mechanism) } else { mechanism })
    })
    .acting(),
    Candidate::of_ticket("GSSAPI", |own, _| {
        Box::new(Gssapi::new().acting_as(own.authzid.as_str()))
    })
    .acting(),
    Candidate::of_ticket("GSS-SPNEGO", |_, _| Box::new(Spnego::new())),
];

/// That of a TLS client certificate.
pub(super) const OF_CERTIFICATES: &[Candidate] = &[Candidate {
    name: "EXTERNAL",
    strength: Strength::BoundProof,
    needs: Needs::Nothing,
    acts: true,
    by_name_only: false,
    make: |own, _| Box::new(External::new().acting_as(own.authzid.as_str())),
}];

/// That of no user.
pub(super) const OF_GUESTS: &[Candidate] = &[Candidate {
    name: "ANONYMOUS",
    strength: Strength::Reveals,
    needs: Needs::Nothing,
    acts: false,
    by_name_only: false,
    make: |own, _| Box::new(Anonymous::new().trace(own.user.as_str())),
}];
