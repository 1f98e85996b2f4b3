//! Attributes of XCLIENT and XFORWARD: facts about the client that a message came from.

use std::fmt::Display;
use std::net::IpAddr;

use smtp_grammar::{Xtext, xtext};

use crate::proto::line::{Arguments, Line};

/// The most bytes of a line, CRLF included: "command length limit is 512" (Postfix,
/// `XCLIENT_README`).
const MAX_LINE: usize = 512;

/// The most bytes of a value of XFORWARD, before it is encoded (Postfix, `XFORWARD_README`).
const MAX_VALUE: usize = 255;

/// Attributes of one command, each once, in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes(Vec<(&'static str, String)>);

/// The value of an attribute that is not known, and will not be.
pub(super) const UNAVAILABLE: &str = "[UNAVAILABLE]";
/// The value of an attribute that is not known now.
pub(super) const TEMPORARILY_UNAVAILABLE: &str = "[TEMPUNAVAIL]";

impl Attributes {
    /// Sets an attribute, encoded as xtext.
    pub(super) fn set(&mut self, name: &'static str, value: impl Display) {
        let value = Xtext(value).to_string();
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some((_, other)) => *other = value,
            None => self.0.push((name, value)),
        }
    }

    /// Sets an attribute to an address: an IPv6 one carries a prefix.
    pub(super) fn set_address(&mut self, name: &'static str, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.set(name, address),
            IpAddr::V6(address) => self.set(name, format_args!("IPV6:{address}")),
        }
    }

    /// The attributes in lists that each fit into one line after `verb`, the one named `last` in
    /// the last of them.
    pub(super) fn split(mut self, verb: &str, last: &str) -> Vec<Self> {
        self.0.sort_by_key(|(name, _)| *name == last);
        let empty = verb.len() + "\r\n".len();
        let (mut parts, mut length) = (Vec::new(), usize::MAX);
        for (name, value) in self.0 {
            let more = " =".len() + name.len() + value.len();
            if length.saturating_add(more) > MAX_LINE {
                parts.push(Self::default());
                length = empty;
            }
            length += more;
            if let Some(Self(part)) = parts.last_mut() {
                part.push((name, value));
            }
        }
        parts
    }

    fn write_each(&self, line: &mut Line<'_>, keyword: &str, if_listed: bool) {
        let mut written = false;
        for (name, value) in &self.0 {
            let listed = line.lists(keyword, name);
            if listed {
                line.param(name, value);
                written = true;
            } else if !if_listed {
                line.reject(format!(
                    "{name} is not listed after {keyword} in the server's reply to EHLO: leave it \
                     out"
                ));
            }
        }
        if !written {
            line.reject(format!("list of {keyword} is empty: no attribute is left to send"));
        }
    }
}

/// Attributes that the server must list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Required(pub(super) Attributes);

impl Arguments for Required {
    fn write(&self, line: &mut Line<'_>) {
        self.0.write_each(line, "XCLIENT", false);
    }
}

/// Attributes that are left out where the server does not list them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct IfListed(pub(super) Attributes);

impl Arguments for IfListed {
    fn write(&self, line: &mut Line<'_>) {
        for (name, value) in &self.0.0 {
            if xtext::decode(value).is_ok_and(|value| value.len() > MAX_VALUE) {
                line.reject(format!("{name} has more than {MAX_VALUE} bytes: shorten it"));
            }
        }
        self.0.write_each(line, "XFORWARD", true);
    }
}
