//! The output of the derives in a module without the prelude.
#![no_implicit_prelude]

use ::smtp as post;
use ::std::{assert_eq, vec};

#[derive(post::SmtpCommand)]
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
    #[smtp(base64, if_offered = "X-ALL")]
    base64: ::std::vec::Vec<u8>,
    #[smtp(with = length, prefix = "#")]
    with: ::std::boxed::Box<[u8]>,
    #[smtp(secret)]
    secret: u8,
    #[smtp(text)]
    text: ::std::string::String,
}

fn length(bytes: &[u8]) -> usize {
    bytes.len()
}

#[derive(post::SmtpReply)]
#[smtp(crate = post)]
#[allow(dead_code, reason = "that it can be read is what is tested")]
enum Answer {
    #[smtp(code(250))]
    Known {
        #[smtp(text)]
        text: ::std::option::Option<::std::string::String>,
        #[smtp(lines)]
        lines: ::std::vec::Vec<::std::string::String>,
        #[smtp(word = 0)]
        word: ::std::string::String,
        #[smtp(key = "A")]
        one: u8,
        #[smtp(key = "B")]
        optional: ::std::option::Option<u8>,
        #[smtp(key = "C")]
        all: ::std::vec::Vec<u8>,
        #[smtp(code)]
        code: post::grammar::ReplyCode,
        #[smtp(enhanced)]
        enhanced: ::std::option::Option<post::grammar::EnhancedStatusCode>,
        #[smtp(reply)]
        reply: post::Reply,
    },
    #[smtp(code(2xx))]
    Other(post::Reply),
}

#[derive(post::SmtpCommand)]
#[smtp(crate = post, mechanism = "X-ALL", initial = "{user}\0{password}", respond("{user}"))]
struct Login {
    #[smtp(nonempty, saslname)]
    user: ::std::string::String,
    password: post::Secret,
}

#[derive(post::SmtpCommand)]
#[smtp(crate = post, verb = "X-GO", transition(Idle => InTransaction), pipelining)]
enum Form {
    One,
    Two(u8, #[smtp(skip)] ()),
}

#[test]
fn all_of_it_works_without_a_prelude() {
    use ::std::convert::From;
    use ::std::string::String;

    let offers = post::Reply::new(post::grammar::ReplyCode::OK, ["mail", "X-ALL"]);
    let offers = post::grammar::Capabilities::from_reply(&offers);
    let all = All {
        argument: 1,
        optional: ::std::option::Option::None,
        repeated: vec![2, 3],
        joined: vec![4, 5],
        flag: true,
        xtext: 0,
        base64: vec![6],
        with: ::std::boxed::Box::from([0; 7]),
        secret: 8,
        text: String::from("a b"),
    };
    let line = post::command::encode(&all, &offers).expect("a command");
    assert_eq!(line, b"X-ALL 1 2 3 JOINED=4,5 FLAG Bg== #7 8 a b\r\n");
    for form in [Form::One, Form::Two(1, ())] {
        post::command::encode(&form, &offers).expect("a command");
    }
    let reply = post::Reply::new(post::grammar::ReplyCode::OK, ["A=1 C=2", "C=3"]);
    let answer = <Answer as post::command::FromReply>::from_reply(reply).expect("a reply");
    ::std::assert!(::std::matches!(answer, Answer::Known { one: 1, .. }));
    let mut login = Login { user: String::from("me"), password: From::from("pencil") };
    let sent = post::Mechanism::initial_response(&mut login).expect("a message");
    assert_eq!(sent.expect("it speaks first").expose(), b"me\0pencil");
}
