//! Which of the candidates a connection gets, and why not the others.

use std::fmt::{self, Debug, Write as _};

use super::candidate::Candidate;
use super::strength::Strength;
use crate::auth::facts::Facts;
use crate::error::mechanism::MechanismError;

/// The mechanisms that credentials of any kind may choose, in a build with every feature.
const NAMES: &[&str] = &[
    "ANONYMOUS",
    "CRAM-MD5",
    "DIGEST-MD5",
    "EXTERNAL",
    "GS2-KRB5",
    "GS2-KRB5-PLUS",
    "GSS-SPNEGO",
    "GSSAPI",
    "LOGIN",
    "NTLM",
    "OAUTHBEARER",
    "PLAIN",
    "SCRAM-SHA-1",
    "SCRAM-SHA-1-PLUS",
    "SCRAM-SHA-224",
    "SCRAM-SHA-224-PLUS",
    "SCRAM-SHA-256",
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-384",
    "SCRAM-SHA-384-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-512-PLUS",
    "XOAUTH2",
];

/// The candidates, and the restrictions that the caller has set.
pub(super) struct Choice {
    candidates: &'static [Candidate],
    /// The caller asks to act as another user.
    pub(super) acts: bool,
    pub(super) least: Strength,
    pub(super) only: Option<String>,
    /// The one that is named by `only` is tried though it is not listed.
    pub(super) unlisted: bool,
    pub(super) also: Vec<String>,
    pub(super) excluded: Vec<String>,
    /// The mechanisms that the server has listed and does not know.
    pub(super) unknown: Vec<&'static str>,
}

impl Choice {
    pub(super) fn among(candidates: &'static [Candidate]) -> Self {
        Self {
            candidates,
            acts: false,
            least: Strength::default(),
            only: None,
            unlisted: false,
            also: Vec::new(),
            excluded: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// Refuses a name of `also` or `without` that no mechanism has. A misspelt exclusion would
    /// exclude nothing, and the caller would never know.
    ///
    /// # Errors
    ///
    /// With the name, and those that there are.
    pub(super) fn check_names(&self) -> Result<(), MechanismError> {
        let has_it = |name: &&String| NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
        let Some(unknown) = self.also.iter().chain(&self.excluded).find(|name| !has_it(name))
        else {
            return Ok(());
        };
        Err(MechanismError::new(format!(
            "`Credentials::also` and `without` take names of mechanisms, and {unknown:?} is none of \
             them: {}",
            NAMES.join(", ")
        )))
    }

    /// The strongest candidate that fits.
    pub(super) fn choose(&self, facts: &Facts<'_>) -> Option<&'static Candidate> {
        self.candidates.iter().find(|candidate| self.obstacle(candidate, facts).is_none())
    }

    /// The facts as the choice sees them: without what the server did not know, and with what the
    /// caller wants to try.
    pub(super) fn seen<'a>(&self, facts: &Facts<'a>) -> Facts<'a> {
        let mut seen = facts.clone();
        for name in &self.unknown {
            seen = seen.not_listing(name);
        }
        match &self.only {
            Some(only)
                if self.unlisted
                    && !self.unknown.iter().any(|name| name.eq_ignore_ascii_case(only)) =>
            {
                seen.listing(only)
            }
            _ => seen,
        }
    }

    /// Why a mechanism is not used on this connection, if it is not.
    fn obstacle(&self, candidate: &Candidate, facts: &Facts<'_>) -> Option<&'static str> {
        let is = |name: &String| name.eq_ignore_ascii_case(candidate.name);
        let is_named = self.only.as_ref().is_some_and(is);
        if facts.mechanisms().has(candidate.name) && self.only.is_some() && !is_named {
            return Some("another was named");
        }
        let names_it = is_named || self.also.iter().any(is);
        if facts.mechanisms().has(candidate.name) && candidate.by_name_only && !names_it {
            return Some("weak, and used where `also` or `only` names it");
        }
        self.obstacle_if_named(candidate, facts, is_named)
    }

    /// Why it would not be used if the caller named it.
    fn obstacle_if_named(
        &self,
        candidate: &Candidate,
        facts: &Facts<'_>,
        is_named: bool,
    ) -> Option<&'static str> {
        if !facts.mechanisms().has(candidate.name) {
            return Some("not offered");
        }
        if self.excluded.iter().any(|name| name.eq_ignore_ascii_case(candidate.name)) {
            return Some("excluded");
        }
        if candidate.strength < self.least {
            return Some("weaker than asked for");
        }
        if self.acts && !candidate.acts {
            return Some("it cannot act as another user");
        }
        candidate.needs.obstacle(facts, is_named)
    }

    /// The error where no mechanism fits: each that is known, and why it does not.
    pub(super) fn nothing_fits(&self, facts: &Facts<'_>) -> MechanismError {
        // Writing to a String cannot fail.
        let offered: Vec<&str> = facts.mechanisms().names().collect();
        let mut text = match &*offered {
            [] => "no mechanism fits, because the server offers none".to_owned(),
            some => format!("no mechanism fits: the server offers {}", some.join(", ")),
        };
        let is_known = |name: &str| {
            self.candidates.iter().any(|candidate| candidate.name.eq_ignore_ascii_case(name))
        };
        if let Some(unknown) = self.only.as_deref().filter(|name| !is_known(name)) {
            let _ = write!(text, "; {} was named, and is not known", unknown.escape_debug());
        }
        for candidate in self.candidates {
            match self.obstacle(candidate, facts) {
                Some(why) if facts.mechanisms().has(candidate.name) => {
                    let _ = write!(text, "; {}: {why}", candidate.name);
                }
                _ => {}
            }
        }
        let known: Vec<&str> = self.candidates.iter().map(|one| one.name).collect();
        let _ = write!(text, "; these credentials know {}", known.join(", "));
        if facts.security().is_none() {
            text.push_str("; the server may offer more after STARTTLS");
        }
        MechanismError::new(text)
    }

    /// The mechanisms that were tried before, and that the server does not know.
    pub(super) fn not_known(&self) -> Option<String> {
        let names = self.unknown.join(", ");
        (!names.is_empty()).then(|| format!("the server lists {names} and does not know it"))
    }

    /// The other mechanisms after this one has failed, and how the caller names one.
    pub(super) fn alternatives(&self, failed: &str, facts: &Facts<'_>) -> Option<String> {
        let others: Vec<&str> = self
            .candidates
            .iter()
            .filter(|candidate| self.obstacle_if_named(candidate, facts, true).is_none())
            .map(|candidate| candidate.name)
            .filter(|name| *name != failed)
            .collect();
        if others.is_empty() {
            return None;
        }
        Some(format!(
            "{failed} was used, and the server also offers {}, which `Credentials::only` names",
            others.join(", ")
        ))
    }
}

impl Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice")
            .field("least", &self.least)
            .field("only", &self.only)
            .field("also", &self.also)
            .field("excluded", &self.excluded)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "gssapi")]
    use super::super::candidate::OF_TICKETS;
    use super::super::candidate::{OF_CERTIFICATES, OF_GUESTS, OF_PASSWORDS, OF_TOKENS};
    use super::*;

    #[test]
    fn each_candidate_can_be_named() {
        #[cfg(not(feature = "gssapi"))]
        const OF_TICKETS: &[Candidate] = &[];
        let all = [OF_CERTIFICATES, OF_GUESTS, OF_PASSWORDS, OF_TICKETS, OF_TOKENS].concat();
        for Candidate { name, .. } in &all {
            let mut choice = Choice::among(OF_GUESTS);
            choice.also.push(name.to_ascii_lowercase());
            choice.excluded.push((*name).to_owned());
            choice.check_names().expect(name);
        }
        // The other way round, where everything is compiled in.
        if cfg!(all(feature = "scram", feature = "legacy-auth", feature = "gssapi")) {
            for name in NAMES {
                assert!(all.iter().any(|candidate| candidate.name == *name), "{name}");
            }
        }
    }
}
