//! The parser of one name of an attribute with its value, and the list of all names of an item.

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Lit, LitInt, LitStr, Token, Type, parenthesized};

use super::known::Target;
use crate::errors::Errors;
use crate::nearest::{hint, listed};

/// `name`, `name = value` or `name(...)`.
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    None,
    Text(LitStr),
    Number(LitInt),
    Type(Box<Type>),
    List(TokenStream),
}

const VALUES: &str = "expected a string, a number or a path";

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if input.peek(Lit) {
                match input.parse()? {
                    Lit::Str(text) => Value::Text(text),
                    Lit::Int(number) => Value::Number(number),
                    other => {
                        return Err(syn::Error::new_spanned(other, VALUES));
                    }
                }
            } else {
                // The error of syn names all that a type can begin with; ours names the three
                // kinds of values.
                let span = input.span();
                Value::Type(input.parse().map_err(|_| syn::Error::new(span, VALUES))?)
            }
        } else if input.peek(syn::token::Paren) {
            let content;
            parenthesized!(content in input);
            Value::List(content.parse()?)
        } else {
            Value::None
        };
        Ok(Self { name, value })
    }
}

/// The items of all `#[smtp(...)]` attributes of one target, until each is taken.
pub(crate) struct Items<'a> {
    found: Vec<Item>,
    /// Whether an item was wrong, so that an attribute that seems to be missing may be the one that
    /// was meant.
    spoiled: bool,
    errors: &'a Errors,
}

impl<'a> Items<'a> {
    /// Reads the attributes. A name that means nothing on `target` is an error, and so is one that
    /// stands there twice.
    pub(crate) fn of(attributes: &[Attribute], target: Target, errors: &'a Errors) -> Self {
        let mut found: Vec<Item> = Vec::new();
        let mut spoiled = false;
        for attribute in attributes {
            if !attribute.path().is_ident("smtp") {
                continue;
            }
            let parse = Punctuated::<Item, Token![,]>::parse_terminated;
            let Some(listed_here) = errors.keep(attribute.parse_args_with(parse)) else {
                spoiled = true;
                continue;
            };
            for item in listed_here {
                let name = item.name.to_string();
                if !target.has(&name) {
                    spoiled = true;
                    errors.at(&item.name, unknown(&name, target));
                } else if found.iter().any(|other| other.name == item.name) {
                    spoiled = true;
                    errors.at(&item.name, format!("`{name}` stands here twice: keep one"));
                } else {
                    found.push(item);
                }
            }
        }
        Self { found, spoiled, errors }
    }

    /// Whether an item was wrong: then a missing attribute is not reported.
    pub(crate) fn is_spoiled(&self) -> bool {
        self.spoiled
    }

    /// Remembers that an item was wrong.
    pub(crate) fn spoil(&mut self) {
        self.spoiled = true;
    }

    /// Takes an item, with its name.
    pub(crate) fn take(&mut self, name: &str) -> Option<Item> {
        let index = self.found.iter().position(|item| item.name == name)?;
        Some(self.found.remove(index))
    }

    /// The name of an item that is still there.
    pub(crate) fn peek(&self, name: &str) -> Option<&Ident> {
        self.found.iter().map(|item| &item.name).find(|other| *other == name)
    }

    /// Takes `name`, which has no value.
    pub(crate) fn flag(&mut self, name: &str) -> Option<Ident> {
        let item = self.take(name)?;
        if !matches!(item.value, Value::None) {
            self.spoiled = true;
            self.errors.at(&item.name, format!("`{name}` has no value: write it alone"));
        }
        Some(item.name)
    }

    /// Takes `name = "text"`.
    pub(crate) fn text(&mut self, name: &str) -> Option<LitStr> {
        let item = self.take(name)?;
        match item.value {
            Value::Text(text) => Some(text),
            _ => self.wrong(&item.name, "= \"..\""),
        }
    }

    /// Takes `name = 1`.
    pub(crate) fn number(&mut self, name: &str) -> Option<LitInt> {
        let item = self.take(name)?;
        match item.value {
            Value::Number(number) if number.base10_parse::<usize>().is_ok() => Some(number),
            _ => self.wrong(&item.name, "= 1"),
        }
    }

    /// Takes `name = Type` or `name = path::to::function`.
    pub(crate) fn ty(&mut self, name: &str) -> Option<Type> {
        let item = self.take(name)?;
        match item.value {
            Value::Type(ty) => Some(*ty),
            _ => self.wrong(&item.name, "= path"),
        }
    }

    /// Takes `name(...)`.
    pub(crate) fn list(&mut self, name: &str) -> Option<(Ident, TokenStream)> {
        let item = self.take(name)?;
        match item.value {
            Value::List(tokens) => Some((item.name, tokens)),
            _ => self.wrong(&item.name, "(..)"),
        }
    }

    /// Reports that `name` has another form.
    fn wrong<T>(&mut self, name: &Ident, form: &str) -> Option<T> {
        self.spoiled = true;
        let space = if form.starts_with('=') { " " } else { "" };
        self.errors.at(name, format!("`{name}` is written `{name}{space}{form}`"));
        None
    }
}

/// The error of a name that means nothing on `target`.
fn unknown(name: &str, target: Target) -> String {
    let at = target.at;
    if let Some(belongs) = target.elsewhere(name) {
        return format!("`{name}` means nothing {at}: it belongs {belongs}");
    }
    let known = target.all();
    let (hint, listed) = (hint(name, &known), listed(&known));
    format!("`{name}` means nothing {at}{hint}; expected one of {listed}")
}
