//! XFORWARD: tells a server behind us where a message came from (Postfix, `XFORWARD_README`).

use std::net::IpAddr;

use smtp::grammar::Xtext;
use smtp::{Line, SmtpCommand};

/// Only the attributes that the server lists are sent.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "XFORWARD", requires = "XFORWARD", pipelining, valid_in(Home), rest = Self::attributes)]
pub struct XForward {
    #[smtp(skip)]
    pub name: String,
    #[smtp(skip)]
    pub address: IpAddr,
    #[smtp(skip)]
    pub source: &'static str,
}

impl XForward {
    fn attributes(&self, line: &mut Line<'_>) {
        let listed = |name: &str| {
            let mut names = line.capabilities().params("XFORWARD").into_iter().flatten();
            names.any(|other| other.eq_ignore_ascii_case(name))
        };
        let (name, address, source) = (listed("NAME"), listed("ADDR"), listed("SOURCE"));
        if name {
            line.param("NAME", &Xtext(&self.name));
        }
        if address {
            line.param("ADDR", &Xtext(&self.address));
        }
        if source {
            line.param("SOURCE", &self.source);
        }
    }
}
