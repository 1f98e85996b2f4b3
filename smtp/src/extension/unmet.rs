//! The reason why the condition of a parameter does not hold.

/// Why a parameter must not be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    reason: String,
    by_server: bool,
}

impl Unmet {
    /// The parameter is wrong for this server, which offers less. One that is
    /// [optional](super::Optional) is left out then.
    pub fn by_server(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), by_server: true }
    }

    /// The parameter is wrong for every server.
    pub fn by_caller(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), by_server: false }
    }

    pub(super) fn is_by_server(&self) -> bool {
        self.by_server
    }

    pub(super) fn into_reason(self) -> String {
        self.reason
    }
}
