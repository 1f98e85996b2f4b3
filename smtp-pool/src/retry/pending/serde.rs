//! Messages between attempts in the formats of serde.

use std::borrow::Cow;
use std::time::SystemTime;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Pending;
use crate::message::Message;
use crate::report::{Outcome, RecipientReport};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Form<'a> {
    message: Cow<'a, Message>,
    recipients: Cow<'a, [RecipientReport]>,
    begun: SystemTime,
    due: SystemTime,
    attempts: u32,
}

impl Serialize for Pending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = Form {
            message: Cow::Borrowed(&self.message),
            recipients: Cow::Borrowed(&self.recipients),
            begun: self.begun,
            due: self.due,
            attempts: self.attempts,
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pending {
    /// The times are those of the machine's clock, which goes on while the program does not run.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Form { message, recipients, begun, due, attempts } = Form::deserialize(deserializer)?;
        let open = recipients.iter().filter(|recipient| recipient.outcome() == Outcome::Stopped);
        if !open.map(RecipientReport::path).eq(message.envelope().recipients()) {
            return Err(D::Error::custom(
                "the recipients of the message are not those that are still to get it: both are \
                 parts of one value, and must be kept together",
            ));
        }
        let (message, recipients) = (message.into_owned(), recipients.into_owned());
        Ok(Self { message, recipients, begun, due, attempts, seen: None, wake: None })
    }
}
