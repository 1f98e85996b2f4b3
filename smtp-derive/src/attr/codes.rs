//! The parser of reply codes in attributes: `250`, `2xx`.

use proc_macro2::TokenStream;
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Ident, LitInt, Token};

use crate::errors::Errors;

/// A code, or a class of codes.
#[derive(Clone)]
pub(crate) struct Code {
    /// The code, or the first digit of the class.
    pub(crate) number: u16,
    pub(crate) class: bool,
    pub(crate) literal: LitInt,
}

/// Reads the list between the parentheses of `name(250, 2xx)`.
pub(crate) fn codes(name: &Ident, tokens: TokenStream, errors: &Errors) -> Vec<Code> {
    let parse = Punctuated::<LitInt, Token![,]>::parse_terminated;
    let literals = match parse.parse2(tokens) {
        Ok(literals) => literals,
        Err(error) => {
            let message = format!("`{name}` lists reply codes: `{name}(250, 2xx)`");
            errors.push(syn::Error::new(error.span(), message));
            return Vec::new();
        }
    };
    if literals.is_empty() {
        errors.at(name, format!("`{name}` lists at least one code"));
    }
    let mut codes: Vec<Code> = Vec::new();
    for literal in literals {
        let Some(code) = code(&literal) else {
            errors.at(
                &literal,
                format!("`{literal}` is no reply code: codes are 200 to 599, classes 2xx to 5xx"),
            );
            continue;
        };
        let same = |other: &Code| other.number == code.number && other.class == code.class;
        if codes.iter().any(same) {
            errors.at(&literal, format!("`{literal}` stands here twice"));
        } else {
            codes.push(code);
        }
    }
    codes
}

fn code(literal: &LitInt) -> Option<Code> {
    let class = literal.suffix() == "xx";
    let number: u16 = literal.base10_digits().parse().ok()?;
    let valid = if class {
        (2..=5).contains(&number)
    } else {
        literal.suffix().is_empty() && (200..=599).contains(&number)
    };
    valid.then(|| Code { number, class, literal: literal.clone() })
}
