//! Names and scopes: raw identifiers, types out of macros, no prelude, the crate under other names.

use smtp::command::encode;
use smtp::grammar::Capabilities;
use smtp::{Command, SmtpCommand};

fn line<C: Command>(command: &C) -> String {
    let line = encode(command, &Capabilities::none()).expect("a command");
    String::from_utf8(line).expect("text")
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-RAW", valid_in(any))]
struct Raw {
    r#type: u8,
    #[smtp(param = "IN")]
    r#in: Option<u8>,
}

#[derive(SmtpCommand)]
#[smtp(verb = "X-RAW", valid_in(any))]
enum RawForm {
    r#Type { r#type: u8 },
}

#[test]
fn raw_identifiers_are_names_like_others() {
    assert_eq!(line(&Raw { r#type: 1, r#in: Some(2) }), "X-RAW 1 IN=2\r\n");
    assert_eq!(line(&RawForm::r#Type { r#type: 1 }), "X-RAW 1\r\n");
}

/// A type that comes out of a macro is in a group without delimiters.
macro_rules! command {
    ($name:ident, $first:ty, $second:ty) => {
        #[derive(SmtpCommand)]
        #[smtp(verb = "X-MACRO", valid_in(any))]
        struct $name {
            first: $first,
            #[smtp(param = "P", join = ",")]
            second: $second,
        }

        impl $name {
            fn new(first: $first, second: $second) -> Self {
                Self { first, second }
            }
        }
    };
}

command!(OfAMacro, Option<u8>, Vec<u8>);

#[test]
fn a_type_out_of_a_macro_is_seen_through() {
    assert_eq!(line(&OfAMacro::new(Some(1), vec![2, 3])), "X-MACRO 1 P=2,3\r\n");
    assert_eq!(line(&OfAMacro::new(None, vec![])), "X-MACRO\r\n");
}

/// Parameters that have the names that the derive would choose.
#[derive(SmtpCommand)]
#[smtp(verb = "X-NAMES", valid_in(any))]
struct Names<State: std::fmt::Display>(State);

#[derive(SmtpCommand)]
#[smtp(verb = "X-NAMES", valid_in(InTransaction))]
struct Inside<Idle: std::fmt::Display>(Idle);

#[derive(SmtpCommand)]
#[smtp(verb = "X-LINE", valid_in(any))]
struct Locals {
    line: u8,
    value: Option<u8>,
    buffer: Vec<u8>,
}

#[test]
fn names_do_not_collide() {
    assert_eq!(line(&Names(1)), "X-NAMES 1\r\n");
    assert_eq!(line(&Inside(1)), "X-NAMES 1\r\n");
    let locals = Locals { line: 1, value: Some(2), buffer: vec![3] };
    assert_eq!(line(&locals), "X-LINE 1 2 3\r\n");
}

/// The package under another name, and out of another module.
mod mail {
    pub(super) use ::smtp as post;
}

#[derive(SmtpCommand)]
#[smtp(crate = crate::behaviour::derive::hygiene::mail::post, verb = "X-ELSEWHERE", reply = Done, valid_in(Idle))]
struct Elsewhere(#[smtp(param = "A", xtext)] u8);

#[derive(smtp::SmtpReply)]
#[smtp(crate = mail::post)]
enum Done {
    #[smtp(code(250))]
    Done(#[smtp(text)] String),
}

#[derive(SmtpCommand)]
#[smtp(crate = mail::post, mechanism = "X-ELSEWHERE", initial = "{0}", respond("{0}"))]
struct Token(String);

#[test]
fn the_crate_may_have_another_name() {
    assert_eq!(line(&Elsewhere(1)), "X-ELSEWHERE A=1\r\n");
    assert_eq!(smtp::Mechanism::name(&Token(String::new())), "X-ELSEWHERE");
    let reply = smtp::Reply::new(smtp::grammar::ReplyCode::OK, ["done"]);
    let Done::Done(text) = smtp::command::FromReply::from_reply(reply).expect("a reply");
    assert_eq!(text, "done");
}
