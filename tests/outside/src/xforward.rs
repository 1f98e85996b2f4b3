//! XFORWARD: tells the next server where a message came from (Postfix, `XFORWARD_README`).

use std::net::IpAddr;

use smtp::SmtpCommand;

/// Only the attributes that the server lists are sent.
#[derive(Debug, SmtpCommand)]
#[smtp(verb = "XFORWARD", requires = "XFORWARD", pipelining, valid_in(Idle))]
pub struct XForward {
    #[smtp(param = "NAME", if_listed, xtext)]
    pub name: String,
    #[smtp(param = "ADDR", if_listed, xtext)]
    pub address: IpAddr,
    #[smtp(param = "SOURCE", if_listed)]
    pub source: &'static str,
}
