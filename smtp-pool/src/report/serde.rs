//! The fields of a report that have no form of their own in serde.

#![expect(clippy::ref_option, reason = "serde gives a reference to the field")]

/// A path as its text.
pub(super) mod path {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use smtp::grammar::ForwardPath;

    pub(in crate::report) fn serialize<S: Serializer>(
        path: &ForwardPath,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(path.as_str())
    }

    pub(in crate::report) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<ForwardPath, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A reply as its lines, as the server wrote them. Bytes that are not UTF-8 are replaced.
pub(super) mod reply {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use smtp::grammar::Reply;

    pub(in crate::report) fn serialize<S: Serializer>(
        reply: &Option<Reply>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = reply.as_ref().map(|reply| String::from_utf8_lossy(reply.raw()));
        text.serialize(serializer)
    }

    pub(in crate::report) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Reply>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let reply = text.map(|text| Reply::from_frame_lenient(text.into())).transpose();
        reply.map_err(D::Error::custom)
    }
}

/// A text that many recipients share.
pub(super) mod reason {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(in crate::report) fn serialize<S: Serializer>(
        reason: &Option<Arc<str>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        reason.as_deref().serialize(serializer)
    }

    pub(in crate::report) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<str>>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Into::into))
    }
}
