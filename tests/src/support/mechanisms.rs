//! The mechanisms of SASL.

use smtp::Mechanism;
use smtp::auth::{
    Anonymous, ChannelBinding, CramMd5, DigestMd5, External, Login, Ntlm, OAuthBearer, Otp, Plain,
    Scram, ScramHash, Sha1, Sha224, Sha256, Sha384, Sha512, XOauth2,
};
#[cfg(feature = "gssapi")]
use smtp::auth::{Gs2Krb5, Gssapi, Spnego};

use super::witness::Witness::{
    self, Aiosmtpd, CyrusSasl, Dovecot, Exim, GnuSasl, Pyspnego, SmtpServer,
};

/// Makes a mechanism of a user's name and a password, a passphrase or a token.
pub type MakeMechanism = fn(&str, &str) -> Box<dyn Mechanism>;

/// A mechanism.
#[derive(Debug)]
pub struct MechanismRow {
    /// Its name.
    pub name: &'static str,
    /// Its type, below `smtp`.
    pub from: &'static str,
    /// Where it is defined.
    pub source: &'static str,
    /// None where it takes the feature `gssapi`, and that is not on.
    pub make: Option<MakeMechanism>,
    /// The servers that it has logged in to.
    pub servers: &'static [Witness],
}

impl MechanismRow {
    /// Whether it takes the feature `gssapi`.
    pub fn is_kerberos(&self) -> bool {
        self.name.starts_with("GS")
    }

    /// Whether it proves that client and server share a TLS session.
    pub fn is_bound(&self) -> bool {
        self.name.ends_with("-PLUS")
    }
}

fn row(
    name: &'static str,
    from: &'static str,
    source: &'static str,
    make: MakeMechanism,
    servers: &'static [Witness],
) -> MechanismRow {
    MechanismRow { name, from, source, make: Some(make), servers }
}

fn scram<H: ScramHash + 'static>(user: &str, password: &str) -> Box<dyn Mechanism> {
    Box::new(Scram::<H>::new(user, password).channel_binding(ChannelBinding::Off))
}

fn scram_plus<H: ScramHash + 'static>(user: &str, password: &str) -> Box<dyn Mechanism> {
    Box::new(Scram::<H>::new(user, password).channel_binding(ChannelBinding::Required))
}

/// Every mechanism, those of passwords first.
pub fn mechanisms() -> Vec<MechanismRow> {
    let mut rows = scrams();
    rows.extend([
        row(
            "PLAIN",
            "auth::Plain",
            "RFC 4616",
            |user, password| Box::new(Plain::new(user, password)),
            &[Dovecot, Exim, CyrusSasl, SmtpServer, Aiosmtpd],
        ),
        row(
            "LOGIN",
            "auth::Login",
            "draft-murchison-sasl-login",
            |user, password| Box::new(Login::new(user, password)),
            &[Dovecot, Exim, CyrusSasl, SmtpServer, Aiosmtpd],
        ),
        row(
            "CRAM-MD5",
            "auth::CramMd5",
            "RFC 2195",
            |user, password| Box::new(CramMd5::new(user, password)),
            &[Dovecot, Exim, CyrusSasl, SmtpServer],
        ),
        row(
            "DIGEST-MD5",
            "auth::DigestMd5",
            "RFC 2831",
            |user, password| Box::new(DigestMd5::new(user, password)),
            &[Dovecot, GnuSasl, CyrusSasl],
        ),
        row(
            "NTLM",
            "auth::Ntlm",
            "MS-SMTPNTLM",
            |user, password| Box::new(Ntlm::new(user, password)),
            &[CyrusSasl, Pyspnego],
        ),
        row(
            "OTP",
            "auth::Otp",
            "RFC 2444",
            |user, passphrase| Box::new(Otp::new(user, passphrase)),
            &[CyrusSasl],
        ),
        row(
            "XOAUTH2",
            "auth::XOauth2",
            "Google's XOAUTH2",
            |user, token| Box::new(XOauth2::new(user, token)),
            &[Dovecot, SmtpServer],
        ),
        row(
            "OAUTHBEARER",
            "auth::OAuthBearer",
            "RFC 7628",
            |user, token| Box::new(OAuthBearer::new(user, token)),
            &[Dovecot],
        ),
        row(
            "EXTERNAL",
            "auth::External",
            "RFC 4422 §A",
            |_, _| Box::new(External::new()),
            &[Dovecot, Exim],
        ),
        row(
            "ANONYMOUS",
            "auth::Anonymous",
            "RFC 4505",
            |_, _| Box::new(Anonymous::new().trace("a test")),
            &[Dovecot, CyrusSasl],
        ),
    ]);
    rows.extend(kerberos());
    rows
}

#[rustfmt::skip]
fn scrams() -> Vec<MechanismRow> {
    let plus: &[Witness] = &[GnuSasl];
    let old: &[Witness] = &[Dovecot, GnuSasl, CyrusSasl];
    let new: &[Witness] = &[CyrusSasl];
    let draft = "draft-melnikov-scram-sha-512";
    vec![
        row("SCRAM-SHA-512-PLUS", "auth::ScramSha512", draft, scram_plus::<Sha512>, &[]),
        row("SCRAM-SHA-512", "auth::ScramSha512", draft, scram::<Sha512>, new),
        row("SCRAM-SHA-384-PLUS", "auth::ScramSha384", "as RFC 7677", scram_plus::<Sha384>, &[]),
        row("SCRAM-SHA-384", "auth::ScramSha384", "as RFC 7677", scram::<Sha384>, new),
        row("SCRAM-SHA-256-PLUS", "auth::ScramSha256", "RFC 7677", scram_plus::<Sha256>, plus),
        row("SCRAM-SHA-256", "auth::ScramSha256", "RFC 7677", scram::<Sha256>, old),
        row("SCRAM-SHA-224-PLUS", "auth::ScramSha224", "as RFC 7677", scram_plus::<Sha224>, &[]),
        row("SCRAM-SHA-224", "auth::ScramSha224", "as RFC 7677", scram::<Sha224>, new),
        row("SCRAM-SHA-1-PLUS", "auth::ScramSha1", "RFC 5802", scram_plus::<Sha1>, plus),
        row("SCRAM-SHA-1", "auth::ScramSha1", "RFC 5802", scram::<Sha1>, old),
    ]
}

/// Those of the feature `gssapi`.
fn kerberos() -> [MechanismRow; 4] {
    #[cfg(feature = "gssapi")]
    let [gssapi, gs2, spnego] = {
        let gssapi: MakeMechanism = |_, _| Box::new(Gssapi::new());
        let gs2: MakeMechanism = |_, _| Box::new(Gs2Krb5::new());
        let spnego: MakeMechanism = |_, _| Box::new(Spnego::new());
        [Some(gssapi), Some(gs2), Some(spnego)]
    };
    #[cfg(not(feature = "gssapi"))]
    let [gssapi, gs2, spnego] = [None; 3];
    let row =
        |name, from, source, make, servers| MechanismRow { name, from, source, make, servers };
    [
        row("GSSAPI", "auth::Gssapi", "RFC 4752", gssapi, &[Dovecot, CyrusSasl]),
        row("GS2-KRB5-PLUS", "auth::Gs2Krb5", "RFC 5801", gs2, &[]),
        row("GS2-KRB5", "auth::Gs2Krb5", "RFC 5801", gs2, &[CyrusSasl]),
        row("GSS-SPNEGO", "auth::Spnego", "MS-SPNG", spnego, &[Dovecot, CyrusSasl]),
    ]
}
