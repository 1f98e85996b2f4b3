//! Snapshots of expansions, formatted as a reviewer would read them, and the errors of wrong
//! inputs.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p smtp-derive` writes the expansions anew.

use std::path::Path;

use proc_macro2::TokenStream;
use syn::{DeriveInput, parse_quote};

fn formatted(tokens: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2(tokens).expect("items"))
}

fn expands_to(name: &str, expansion: TokenStream) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    let text = formatted(expansion);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &text).expect("a snapshot");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{} is not what is made now:\n{text}", path.display());
    text
}

#[test]
fn two_fields() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "XCLIENT", requires = "XCLIENT", accepts(220), transition(Tls => Tls), resets)]
        struct XClient {
            #[smtp(param = "ADDR", xtext)]
            addr: IpAddr,
            #[smtp(param = "NAME", xtext)]
            name: Option<String>,
        }
    };
    let text = expands_to("xclient.rs", super::command(&input));
    assert!(text.lines().count() < 60, "a command of two fields is short");
}

#[test]
fn no_field() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "NOOP", valid_in(any))]
        struct Noop;
    };
    expands_to("noop.rs", super::command(&input));
}

#[test]
fn parameters_flags_and_edges() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "MAIL FROM:", stage = Mail, pipelining, transition(Idle => InTransaction))]
        struct Mail {
            path: ReversePath,
            #[smtp(param = "SIZE", requires = "SIZE", raises = 26)]
            size: Option<u64>,
            #[smtp(flag = "SMTPUTF8", requires = "SMTPUTF8", utf8)]
            smtputf8: bool,
            #[smtp(flatten)]
            parameters: Parameters,
        }
    };
    expands_to("mail.rs", super::command(&input));
}

#[test]
fn forms() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "ETRN", requires = "ETRN", reply = Queue, valid_in(Idle))]
        enum Etrn {
            Domain(Domain),
            Subdomains(#[smtp(prefix = "@")] Domain),
            Queue(#[smtp(prefix = "#")] String),
        }
    };
    expands_to("etrn.rs", super::command(&input));
}

#[test]
fn lists_encoders_and_lifetimes() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "X-LIST", valid_in(InTransaction))]
        struct List<'a, T: Display> {
            #[smtp(join = ",")]
            joined: Vec<T>,
            #[smtp(with = brackets)]
            each: Vec<&'a str>,
            #[smtp(base64, if_offered = "X-BLOB")]
            blob: &'a [u8],
            #[smtp(skip)]
            note: &'a str,
        }
    };
    expands_to("list.rs", super::command(&input));
}

#[test]
fn secrets_and_questions() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "X-UNLOCK", accepts(250, 334), converses, valid_in(Tls), transition(Authed => Authed))]
        struct Unlock<State> {
            #[smtp(param = "PIN", secret)]
            pin: State,
            #[smtp(with = hex, prefix = "#")]
            token: Secret,
            #[smtp(text)]
            note: Option<String>,
        }
    };
    expands_to("unlock.rs", super::command(&input));
}

#[test]
fn a_message_after_a_command_of_ones_own() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "X-DATA", content)]
        struct Data;
    };
    let text = expands_to("content.rs", super::command(&input));
    assert!(text.contains("Exactly(354)"), "`content` implies it");
}

#[test]
fn a_secret_in_a_template() {
    let input: DeriveInput = parse_quote! {
        #[smtp(mechanism = "X-BEARER", initial = "n,a={user},\x01{token}\x01")]
        struct Bearer {
            #[smtp(saslname)]
            user: String,
            token: Secret,
        }
    };
    expands_to("bearer.rs", super::command(&input));
}

#[test]
fn a_handshake_of_another_crate() {
    let input: DeriveInput = parse_quote! {
        #[smtp(crate = mail::smtp, verb = "X-ANONYMOUSTLS", accepts(220), upgrade)]
        struct AnonymousTls;
    };
    expands_to("upgrade.rs", super::command(&input));
}

#[test]
fn a_mechanism_that_speaks_first() {
    let input: DeriveInput = parse_quote! {
        #[smtp(mechanism = "PLAIN", initial = "{authzid}\0{authcid}\0{password}", reveals_secret)]
        struct Plain {
            authzid: String,
            #[smtp(nonempty)]
            authcid: String,
            #[smtp(nonempty)]
            password: Secret,
        }
    };
    expands_to("plain.rs", super::command(&input));
}

#[test]
fn a_mechanism_that_answers() {
    let input: DeriveInput = parse_quote! {
        #[smtp(mechanism = "LOGIN", respond("{0}", "{1}"), reveals_secret)]
        struct Login(String, Secret);
    };
    expands_to("login.rs", super::command(&input));
    let input: DeriveInput = parse_quote! {
        #[smtp(mechanism = "X-PROOF", respond = Self::answer, complete = Self::is_verified)]
        struct Proof {
            verified: bool,
        }
    };
    expands_to("proof.rs", super::command(&input));
}

#[test]
fn replies() {
    let input: DeriveInput = parse_quote! {
        enum Queue {
            #[smtp(code(2xx))]
            Other(Reply),
            #[smtp(code(250, 252))]
            Started,
            #[smtp(code(253))]
            Messages(#[smtp(text = messages)] u64),
        }
    };
    expands_to("queue.rs", super::reply(&input));
    let input: DeriveInput = parse_quote! {
        struct Names {
            #[smtp(lines)]
            names: Vec<Mailbox>,
            #[smtp(enhanced)]
            status: Option<EnhancedStatusCode>,
        }
    };
    expands_to("names.rs", super::reply(&input));
}

/// The messages of a wrong input.
fn mistakes(input: &DeriveInput) -> Vec<String> {
    let errors = crate::errors::Errors::new();
    let model = crate::model::Model::of(input, &errors);
    crate::check::check(&model, &errors);
    let error = errors.finish().expect_err("the input is wrong");
    error.into_iter().map(|error| error.to_string()).collect()
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let input: DeriveInput = parse_quote! {
        #[smtp(verb = "X\r\n", accepts(42), valid_in(Tsl), stage = Male)]
        struct Wrong {
            #[smtp(parm = "A")]
            one: u8,
            #[smtp(flag = "B")]
            two: u8,
        }
    };
    let mistakes = mistakes(&input);
    assert_eq!(mistakes.len(), 6, "{mistakes:#?}");
    assert!(mistakes.iter().any(|message| message.contains("did you mean `Tls`")));
}

#[test]
fn a_wrong_input_still_expands_to_what_the_rest_of_a_program_needs() {
    let input: DeriveInput = parse_quote! {
        #[smtp(vreb = "NOOP", valid_in(Tls))]
        struct Noop;
    };
    let text = formatted(super::command(&input));
    for part in ["compile_error!", "Command for Noop", "ValidIn<::smtp::state::Tls> for Noop"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(mistakes(&input).len(), 1, "a misspelt verb is no missing one");
}
