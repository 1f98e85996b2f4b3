//! Parameters as plain data, which a queue can keep.

use super::parameter::{Condition, Parameter};
use super::{deliver_by, dsn, future_release, message_tracking};

/// A [`Parameter`] as plain data: [`Parameter::save`] gives it, and [`restore`](Self::restore) reads
/// it back.
///
/// A parameter of this library comes back as it was, with the conditions under which it may be
/// sent. One of the caller's own comes back with all that is here, so it is refused where the server
/// does not list `requires`.
///
/// ```
/// use smtp::extension::{HoldFor, MailParameter};
///
/// let hold = HoldFor::seconds(60).ok_or("too long")?.into_parameter();
/// let saved = hold.save().ok_or("its condition is known")?;
/// assert_eq!((saved.keyword.as_str(), saved.value.as_deref()), ("HOLDFOR", Some("60")));
/// assert_eq!(saved.restore(), hold);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedParameter {
    /// The keyword as it is written.
    pub keyword: String,
    /// The value as it is written, where it has one.
    pub value: Option<String>,
    /// The EHLO keyword that allows it.
    pub requires: String,
    /// Bytes by which it [raises](Parameter::raises) the limit of the command line.
    pub raises: usize,
    /// It is sent [inside verified TLS](Parameter::needs_tls) alone.
    pub needs_tls: bool,
    /// It is left out where the server does not offer it ([`Optional`](super::Optional)).
    pub optional: bool,
}

impl Parameter {
    /// The parameter as plain data. `None` where it has a [condition](Self::needs) of the caller's
    /// own: a function cannot be kept.
    pub fn save(&self) -> Option<SavedParameter> {
        if self.condition_is_own() == Some(false) {
            return None;
        }
        Some(SavedParameter {
            keyword: self.keyword().into(),
            value: self.value().map(Into::into),
            requires: self.requires.clone().into_owned(),
            raises: self.raises,
            needs_tls: self.needs_tls,
            optional: self.optional,
        })
    }
}

impl SavedParameter {
    /// The parameter. Its text is checked when it is written, as that of every parameter. One that a
    /// message must not go without, such as REQUIRETLS, is never `optional`, whatever the data says,
    /// and REQUIRETLS never goes without verified TLS.
    pub fn restore(self) -> Parameter {
        let Self { keyword, value, requires, raises, needs_tls, optional } = self;
        let needs_tls = needs_tls || keyword.eq_ignore_ascii_case("REQUIRETLS");
        let optional = optional && !must_stay(&keyword, value.as_deref().unwrap_or_default());
        let condition = own_condition(&keyword, value.as_deref().unwrap_or_default());
        let mut parameter = match value {
            Some(value) => Parameter::new(keyword, value, requires),
            None => Parameter::flag(keyword, requires),
        }
        .raises(raises);
        if needs_tls {
            parameter = parameter.needs_tls();
        }
        if optional {
            parameter = parameter.into_optional();
        }
        match condition {
            Some(condition) => parameter.needs_own(condition),
            None => parameter,
        }
    }
}

/// The condition that this library gives to a parameter of this keyword.
// A function has no name that could be kept beside the text.
fn own_condition(keyword: &str, value: &str) -> Option<Condition> {
    match keyword.to_ascii_uppercase().as_str() {
        "BY" => deliver_by::condition(value),
        "HOLDFOR" => Some(future_release::not_too_long),
        "HOLDUNTIL" => Some(future_release::not_too_late),
        "MTRK" => Some(message_tracking::a_unique_name),
        "ORCPT" => dsn::original_recipient_condition(value),
        _ => None,
    }
}

/// Whether a message must not go without a parameter of this keyword: those whose types are not
/// [`MayBeLeftOut`](super::MayBeLeftOut).
fn must_stay(keyword: &str, value: &str) -> bool {
    match keyword.to_ascii_uppercase().as_str() {
        "REQUIRETLS" | "BODY" | "SMTPUTF8" | "HOLDFOR" | "HOLDUNTIL" => true,
        // By-mode R: the message is to come back rather than late (RFC 2852 §4).
        "BY" => value.split_once(';').is_some_and(|(_, mode)| mode.starts_with(['R', 'r'])),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::command::{Mail, Rcpt, encode};
    use crate::grammar::{Capabilities, ForwardPath, Mailbox, Reply, ReplyCode, ReversePath};

    fn mail(parameter: impl MailParameter) -> Parameter {
        parameter.into_parameter()
    }

    fn rcpt(parameter: impl RcptParameter) -> Parameter {
        parameter.into_parameter()
    }

    /// Every parameter of this library.
    fn all() -> Vec<Parameter> {
        let me = || "me@example.com".parse::<Mailbox>().expect("an address");
        let long = OriginalRecipient::other("x400", &"x".repeat(600)).expect("printable");
        let time = "2026-01-01T00:00:00Z".parse::<DateTime>().expect("a time");
        vec![
            mail(AuthIdentity::new(me())),
            mail(TransactionId::new("1@example.com").expect("an id")),
            rcpt(AskFeatures),
            mail(MayConvert),
            mail(DeliverBy::seconds(60).expect("a time").trace()),
            mail(NotifyBy::seconds(60).expect("a time")),
            mail(Ret::Headers),
            mail(EnvelopeId::new("1@example.com").expect("printable")),
            rcpt(Optional(Notify::FAILURE)),
            rcpt(OriginalRecipient::new(me())),
            rcpt(long),
            mail(HoldFor::seconds(60).expect("a time")),
            mail(HoldUntil::new(time)),
            rcpt(IgnoreQuota),
            mail(Tracking::new([7; 20])),
            mail(Optional(Priority::new(3).expect("a priority"))),
            mail(Solicitation::new(["org.example:ADV"]).expect("keywords")),
            mail(Prdr),
            mail(RequireTls),
            rcpt(ValidSince::new(time)),
            mail(Submitter::new(me())),
            mail(Verp::with_delimiters('+', '=').expect("delimiters")),
        ]
    }

    #[test]
    fn every_parameter_comes_back_with_its_conditions() {
        for parameter in all() {
            let saved = parameter.save().expect("a condition of the library");
            let restored = saved.clone().restore();
            assert_eq!(restored, parameter);
            assert_eq!(restored.save(), Some(saved));
            // Equality looks at everything but the condition.
            assert_eq!(restored.condition_is_own(), parameter.condition_is_own(), "{parameter:?}");
        }
    }

    /// A condition that the list above does not know would not come back.
    #[test]
    fn the_conditions_of_the_library_are_those_that_come_back() {
        let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/extension");
        let mut own = 0;
        for entry in std::fs::read_dir(sources).expect("the extensions") {
            let path = entry.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("a source");
            if !path.ends_with("saved.rs") && !path.ends_with("parameter.rs") {
                assert!(!text.contains(".needs("), "{}: `needs_own`", path.display());
                own += text.matches(".needs_own(").count();
            }
        }
        let conditions =
            all().iter().filter(|parameter| parameter.condition_is_own() == Some(true)).count();
        assert_eq!(conditions, own);
    }

    #[test]
    fn a_condition_of_the_callers_own_is_not_kept() {
        let own = Parameter::flag("X-OWN", "X-OWN").needs(|_| Ok(()));
        assert_eq!(own.save(), None);
        let hold = mail(HoldFor::seconds(60).expect("a time")).needs(|_| Ok(()));
        assert_eq!(hold.save(), None);
    }

    #[test]
    fn a_parameter_that_came_back_is_refused_where_the_original_is() {
        let offers = ["mail.example.org", "FUTURERELEASE 30", "X-OWN", "DSN"];
        let offers = Capabilities::from_reply(&Reply::new(ReplyCode::OK, offers));
        let with = |parameter: &Parameter| {
            let mail = Mail::from(ReversePath::Null).with(parameter.clone());
            let rcpt = Rcpt::to(ForwardPath::Postmaster).with(parameter.clone());
            let text = |line: Result<Vec<u8>, _>| line.map_err(|error| format!("{error:?}"));
            (text(encode(&mail, &offers)), text(encode(&rcpt, &offers)))
        };
        let others = [
            Parameter::new("X-OWN", "1", "X-OWN"),
            Parameter::new("X-OWN", "1", "X-OTHER"),
            Parameter::new("X-OWN", "a\r\nQUIT", "X-OWN"),
        ];
        for parameter in all().into_iter().chain(others) {
            let restored = parameter.save().expect("a condition of the library").restore();
            assert_eq!(with(&restored), with(&parameter), "{parameter:?}");
        }
    }

    /// Data that was edited cannot make a message go without what it must have.
    #[test]
    fn a_parameter_that_must_stay_is_never_optional() {
        for (keyword, value, optional) in [
            ("REQUIRETLS", None, false),
            ("requiretls", None, false),
            ("BODY", Some("8BITMIME"), false),
            ("SMTPUTF8", None, false),
            ("HOLDFOR", Some("60"), false),
            ("HOLDUNTIL", Some("2026-01-01T00:00:00Z"), false),
            ("BY", Some("60;RT"), false),
            ("BY", Some("60;N"), true),
            ("RET", Some("HDRS"), true),
        ] {
            let saved = SavedParameter {
                keyword: keyword.into(),
                value: value.map(Into::into),
                requires: keyword.into(),
                optional: true,
                ..SavedParameter::default()
            };
            let restored = saved.restore().save().expect("a condition of the library");
            assert_eq!(restored.optional, optional, "{keyword}");
            assert_eq!(restored.needs_tls, keyword.eq_ignore_ascii_case("REQUIRETLS"), "{keyword}");
        }
    }
}
