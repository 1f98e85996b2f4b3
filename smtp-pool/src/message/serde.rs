//! Messages in the formats of serde.

use std::borrow::Cow;
#[cfg(feature = "fs")]
use std::path::PathBuf;

use bytes::Bytes;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smtp::command::{Mail, Rcpt};
use smtp::extension::{BodyKind, Parameters, SavedParameter};
use smtp::grammar::{ForwardPath, ReversePath};
use smtp::message::LineEnds;
use smtp::{Envelope, Policy};

use super::{Content, Message};

/// The form of a [`Message`].
// A field that is not known asks for something that this version would not do.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MessageForm<'a> {
    mail: MailForm,
    recipients: Vec<RcptForm>,
    policy: PolicyForm,
    #[serde(borrow)]
    content: ContentForm<'a>,
    line_ends: LineEndsForm,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailForm {
    from: String,
    size: Option<u64>,
    body: Option<BodyForm>,
    smtputf8: bool,
    parameters: Vec<ParameterForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RcptForm {
    to: String,
    parameters: Vec<ParameterForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SavedParameter", deny_unknown_fields)]
struct SavedForm {
    keyword: String,
    value: Option<String>,
    requires: String,
    raises: usize,
    needs_tls: bool,
    optional: bool,
}

#[derive(Serialize, Deserialize)]
struct ParameterForm(#[serde(with = "SavedForm")] SavedParameter);

#[derive(Clone, Copy, Serialize, Deserialize)]
enum BodyForm {
    #[serde(rename = "7BIT")]
    SevenBit,
    #[serde(rename = "8BITMIME")]
    EightBitMime,
    #[serde(rename = "BINARYMIME")]
    BinaryMime,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PolicyForm {
    AnyAccepted,
    Whole,
    AllOrNothing,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LineEndsForm {
    Normalize,
    Strict,
    Binary,
}

/// Text is text in formats for people too, where other bytes are numbers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ContentForm<'a> {
    Text(Cow<'a, str>),
    Bytes(Bytes),
    #[cfg(feature = "fs")]
    File(PathBuf),
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = MessageForm::of(self).map_err(S::Error::custom)?;
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MessageForm::deserialize(deserializer)?.into_message().map_err(D::Error::custom)
    }
}

impl<'a> MessageForm<'a> {
    /// The form, or why there is none.
    fn of(message: &'a Message) -> Result<Self, String> {
        let envelope = message.envelope();
        let rcpt = |rcpt: &Rcpt| {
            let parameters = parameters(rcpt.parameters())?;
            Ok(RcptForm { to: rcpt.path().to_string(), parameters })
        };
        Ok(Self {
            mail: MailForm::of(envelope.mail())?,
            recipients: envelope.rcpts().iter().map(rcpt).collect::<Result<_, String>>()?,
            policy: policy(envelope.send_policy())?,
            content: ContentForm::of(message.content()),
            line_ends: match message.line_end_rule() {
                LineEnds::Normalize => LineEndsForm::Normalize,
                LineEnds::Strict => LineEndsForm::Strict,
                LineEnds::Binary => LineEndsForm::Binary,
            },
        })
    }

    fn into_message(self) -> Result<Message, String> {
        let mut envelope = Envelope::from_mail(self.mail.into_mail()?).policy(match self.policy {
            PolicyForm::AnyAccepted => Policy::AnyAccepted,
            PolicyForm::Whole => Policy::Whole,
            PolicyForm::AllOrNothing => Policy::AllOrNothing,
        });
        for RcptForm { to, parameters } in self.recipients {
            let path: ForwardPath = to.parse().map_err(|error| format!("a recipient: {error}"))?;
            let rcpt = parameters
                .into_iter()
                .fold(Rcpt::to(path), |rcpt, ParameterForm(saved)| rcpt.with(saved.restore()));
            envelope = envelope.recipient(rcpt);
        }
        let content = match self.content {
            ContentForm::Text(text) => Content::Bytes(text.into_owned().into()),
            ContentForm::Bytes(bytes) => Content::Bytes(bytes),
            #[cfg(feature = "fs")]
            ContentForm::File(path) => Content::File(path),
        };
        let line_ends = match self.line_ends {
            LineEndsForm::Normalize => LineEnds::Normalize,
            LineEndsForm::Strict => LineEnds::Strict,
            LineEndsForm::Binary => LineEnds::Binary,
        };
        Ok(Message::new(envelope, content).line_ends(line_ends))
    }
}

impl MailForm {
    fn of(mail: &Mail) -> Result<Self, String> {
        let body = match mail.declared_body() {
            None => None,
            Some(BodyKind::SevenBit) => Some(BodyForm::SevenBit),
            Some(BodyKind::EightBitMime) => Some(BodyForm::EightBitMime),
            Some(BodyKind::BinaryMime) => Some(BodyForm::BinaryMime),
            Some(kind) => return Err(format!("BODY={kind} has no form that can be written")),
        };
        Ok(Self {
            from: mail.path().to_string(),
            size: mail.declared_size(),
            body,
            smtputf8: mail.declares_smtputf8(),
            parameters: parameters(mail.parameters())?,
        })
    }

    fn into_mail(self) -> Result<Mail, String> {
        let Self { from, size, body, smtputf8, parameters } = self;
        let path: ReversePath = from.parse().map_err(|error| format!("the sender: {error}"))?;
        let mut mail = Mail::from(path);
        if let Some(bytes) = size {
            mail = mail.size(bytes);
        }
        if let Some(body) = body {
            mail = mail.body(match body {
                BodyForm::SevenBit => BodyKind::SevenBit,
                BodyForm::EightBitMime => BodyKind::EightBitMime,
                BodyForm::BinaryMime => BodyKind::BinaryMime,
            });
        }
        if smtputf8 {
            mail = mail.smtputf8();
        }
        let parameters = parameters.into_iter();
        Ok(parameters.fold(mail, |mail, ParameterForm(saved)| mail.with(saved.restore())))
    }
}

impl<'a> ContentForm<'a> {
    fn of(content: &'a Content) -> Self {
        match content {
            Content::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Self::Text(text.into()),
                Err(_) => Self::Bytes(bytes.clone()),
            },
            #[cfg(feature = "fs")]
            Content::File(path) => Self::File(path.clone()),
        }
    }
}

fn parameters(parameters: &Parameters) -> Result<Vec<ParameterForm>, String> {
    parameters
        .iter()
        .map(|parameter| {
            parameter.save().map(ParameterForm).ok_or_else(|| {
                format!(
                    "the parameter {} has a condition of its owner's, a function, which cannot be \
                     written: give it without `Parameter::needs`, and check the condition before",
                    parameter.keyword()
                )
            })
        })
        .collect()
}

fn policy(policy: &Policy) -> Result<PolicyForm, String> {
    match policy {
        Policy::AnyAccepted => Ok(PolicyForm::AnyAccepted),
        Policy::Whole => Ok(PolicyForm::Whole),
        Policy::AllOrNothing => Ok(PolicyForm::AllOrNothing),
        _ => Err(format!(
            "the policy {policy:?} is a function, which cannot be written: use another policy"
        )),
    }
}
