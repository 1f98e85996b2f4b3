//! The parser of templates of messages: `"{user}\0{password}"`.

use syn::LitStr;

use crate::errors::Errors;

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// The name of a field, or its number.
    Field(String),
}

/// Reads a template. `{{` and `}}` are braces.
pub(crate) fn template(literal: &LitStr, errors: &Errors) -> Vec<Part> {
    match parse(&literal.value()) {
        Ok(parts) => parts,
        Err(message) => {
            errors.at(literal, message);
            Vec::new()
        }
    }
}

fn parse(text: &str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..];
        if let Some(after) = brace.strip_prefix("{{") {
            plain.push('{');
            rest = after;
        } else if let Some(after) = brace.strip_prefix("}}") {
            plain.push('}');
            rest = after;
        } else if let Some(field) = brace.strip_prefix('{') {
            let (name, after) = field
                .split_once('}')
                .ok_or("a `{` has no `}`: write `{field}`, or `{{` for a brace")?;
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Field(name.to_owned()));
            rest = after;
        } else {
            return Err("a `}` has no `{`: write `{field}`, or `}}` for a brace");
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let text = |text: &str| Part::Text(text.to_owned());
        let field = |name: &str| Part::Field(name.to_owned());
        let table = [
            ("", Ok(vec![])),
            ("{a}", Ok(vec![field("a")])),
            ("{a}\0{b}", Ok(vec![field("a"), text("\0"), field("b")])),
            ("x{0}y", Ok(vec![text("x"), field("0"), text("y")])),
            ("{{a}}", Ok(vec![text("{a}")])),
        ];
        for (template, expected) in table {
            assert_eq!(parse(template), expected, "{template:?}");
        }
        assert!(parse("{a").is_err());
        assert!(parse("a}").is_err());
    }
}
