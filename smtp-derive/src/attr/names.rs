//! Checks of names that are written on the wire: verbs, keywords, mechanisms.

use syn::LitStr;

use crate::errors::Errors;

/// A verb: a word of letters, digits and hyphens, perhaps more printable text after it
/// (`MAIL FROM:`).
pub(crate) fn is_verb(verb: &LitStr, errors: &Errors) {
    let text = verb.value();
    let word = text.split(' ').next().unwrap_or_default();
    let word = word.strip_suffix(':').unwrap_or(word);
    let wrong = word
        .chars()
        .find(|c| !c.is_ascii_alphanumeric() && *c != '-')
        .or_else(|| text.chars().find(|c| !matches!(c, ' '..='~')));
    if word.is_empty() || text.ends_with(' ') {
        errors.at(verb, "a verb is a word, such as \"XCLIENT\" or \"MAIL FROM:\"");
    } else if text.contains("  ") {
        errors.at(verb, "the words of a verb have one space between them (RFC 5321 §4.1.1)");
    } else if let Some(character) = wrong {
        errors.at(
            verb,
            format!("a verb cannot hold {character:?}: it is made of letters, digits and `-`"),
        );
    }
}

/// `(ALPHA / DIGIT) *(ALPHA / DIGIT / "-")` (RFC 5321 §4.1.1.1, §4.1.2)
pub(crate) fn is_keyword(keyword: &LitStr, errors: &Errors) {
    let text = keyword.value();
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if let Some(character) = text.chars().find(|&c| !valid(c)) {
        errors.at(
            keyword,
            format!(
                "a keyword cannot hold {character:?}: it is made of letters, digits and `-` \
                 (RFC 5321 §4.1.2)"
            ),
        );
    } else if text.is_empty() || text.starts_with('-') {
        errors.at(keyword, "a keyword begins with a letter or a digit (RFC 5321 §4.1.2)");
    }
}

/// `sasl-mech = 1*20(%x41-5A / DIGIT / "-" / "_")` (RFC 4422 §3.1)
pub(crate) fn is_mechanism(name: &LitStr, errors: &Errors) {
    let text = name.value();
    let valid = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if let Some(character) = text.chars().find(|&c| !valid(c)) {
        errors.at(
            name,
            format!(
                "a mechanism's name cannot hold {character:?}: it is made of capital letters, \
                 digits, `-` and `_` (RFC 4422 §3.1)"
            ),
        );
    } else if !(1..=20).contains(&text.len()) {
        errors.at(
            name,
            format!(
                "a mechanism's name has 1 to 20 characters, this one has {} (RFC 4422 §3.1)",
                text.len()
            ),
        );
    }
}
