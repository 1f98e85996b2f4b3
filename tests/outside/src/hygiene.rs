//! Hygiene of derived code: it compiles where names of the prelude mean something else, and where
//! the crate has another name.

#![deny(warnings, clippy::pedantic, unused_qualifications)]
#![allow(dead_code, missing_docs, reason = "the names are here to be in the way")]

use ::smtp as mail;
use ::smtp::{Secret, SmtpCommand, SmtpReply};

mod core {}
mod std {}
mod smtp {}

pub struct Option;
pub struct Some;
pub struct None;
pub struct Ok;
pub struct Err;
pub struct Result;
pub struct String;
pub struct Vec;
pub trait Command {}
pub trait ValidIn {}
pub trait From {}
pub fn line() {}
pub fn reply() {}
pub fn value() {}
pub fn challenge() {}

#[derive(SmtpCommand)]
#[smtp(crate = mail, verb = "X-HYGIENE", reply = Answer, accepts(250, 2xx), valid_in(any))]
pub struct Everything<'line, Idle: ::std::fmt::Display> {
    line: &'line str,
    #[smtp(param = "VALUE", xtext)]
    value: ::std::option::Option<Idle>,
    #[smtp(param = "REPLY", join = ",")]
    reply: ::std::vec::Vec<u8>,
    #[smtp(flag = "SELF")]
    is: bool,
    #[smtp(base64)]
    secret: Secret,
}

#[derive(SmtpCommand)]
#[smtp(crate = mail, verb = "X-HYGIENE", valid_in(Idle, InTransaction))]
pub enum Forms<State> {
    Empty,
    Named {
        line: u8,
        value: u8,
        #[smtp(skip)]
        state: State,
    },
    Tuple(u8, ::std::option::Option<u8>),
}

#[derive(SmtpReply)]
#[smtp(crate = mail)]
pub enum Answer {
    #[smtp(code(250))]
    Ok {
        #[smtp(text)]
        reply: u32,
        #[smtp(code)]
        code: mail::grammar::ReplyCode,
    },
    #[smtp(code(2xx))]
    Err(#[smtp(lines)] ::std::vec::Vec<u32>),
}

#[derive(SmtpCommand)]
#[smtp(crate = mail, mechanism = "X-HYGIENE", initial = "{challenge}", respond("{challenge}"))]
pub struct Mechanism {
    #[smtp(nonempty)]
    challenge: ::std::option::Option<Secret>,
}
