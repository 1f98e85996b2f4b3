//! A crate without the prelude.
#![no_implicit_prelude]

extern crate smtp as post;

#[derive(::post::SmtpCommand)]
#[smtp(crate = post, verb = "X-ALL", requires = "X-ALL", reply = Answer, valid_in(any))]
struct All {
    argument: u8,
    optional: ::std::option::Option<u8>,
    repeated: ::std::vec::Vec<u8>,
    #[smtp(param = "JOINED", join = ",")]
    joined: ::std::vec::Vec<u8>,
    #[smtp(flag = "FLAG")]
    flag: bool,
    #[smtp(param = "XTEXT", xtext, unless_default)]
    xtext: u8,
    #[smtp(base64, if_offered = "X-BLOB")]
    base64: ::std::vec::Vec<u8>,
    #[smtp(with = hex, prefix = "#")]
    with: u8,
    #[smtp(secret)]
    secret: u8,
    #[smtp(text)]
    text: ::std::string::String,
}

fn hex(number: &u8) -> u8 {
    *number
}

#[derive(::post::SmtpReply)]
#[smtp(crate = post)]
enum Answer {
    #[smtp(code(250))]
    Known {
        #[smtp(text)]
        text: ::std::option::Option<::std::string::String>,
        #[smtp(lines)]
        lines: ::std::vec::Vec<::std::string::String>,
        #[smtp(word = 0)]
        word: u8,
        #[smtp(key = "A")]
        one: u8,
        #[smtp(key = "B")]
        optional: ::std::option::Option<u8>,
        #[smtp(key = "C")]
        all: ::std::vec::Vec<u8>,
        #[smtp(code)]
        code: ::post::ReplyCode,
        #[smtp(enhanced)]
        enhanced: ::std::option::Option<::post::EnhancedStatusCode>,
        #[smtp(reply)]
        reply: ::post::Reply,
    },
    #[smtp(code(2xx))]
    Other(::post::Reply),
}

#[derive(::post::SmtpCommand)]
#[smtp(crate = post, mechanism = "X-ALL", initial = "{user}\0{password}", respond("{user}"))]
struct Login {
    #[smtp(nonempty, saslname)]
    user: ::std::string::String,
    password: ::post::Secret,
}

#[derive(::post::SmtpCommand)]
#[smtp(crate = post, verb = "X-GO", transition(Home => InTransaction), pipelining)]
enum Form {
    One,
    Two(u8, #[smtp(skip)] u8),
}

fn main() {}
