//! The message with fields, one for each column of the list.

use std::path::Path;

use csv::StringRecord;

use crate::Result;

/// A text and the fields in it.
#[derive(Debug)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Field(String),
}

/// A template whose fields are columns of the list.
#[derive(Debug)]
pub(crate) struct Filler {
    parts: Vec<(String, Option<usize>)>,
}

impl Template {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("the template {}: {error}", path.display()))?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            parts.push(Part::Text(before.into()));
            if let Some(after) = after.strip_prefix('{') {
                parts.push(Part::Text("{".into()));
                rest = after;
                continue;
            }
            let (name, after) = after
                .split_once('}')
                .ok_or("a field of the template has no end: write `{name}`, or `{{` for a brace")?;
            parts.push(Part::Field(name.into()));
            rest = after;
        }
        parts.push(Part::Text(rest.into()));
        Ok(Self { parts })
    }

    /// Finds the column of each field.
    pub(crate) fn with_columns(self, columns: &StringRecord) -> Result<Filler> {
        let parts = self.parts.into_iter().map(|part| match part {
            Part::Text(text) => Ok((text, None)),
            Part::Field(name) => match columns.iter().position(|column| column == name) {
                Some(index) => Ok((String::new(), Some(index))),
                None => Err(format!("the list has no column `{name}`, which the template names")),
            },
        });
        Ok(Filler { parts: parts.collect::<std::result::Result<_, _>>()? })
    }
}

impl Filler {
    /// The message for one line of the list.
    pub(crate) fn fill(&self, row: &StringRecord) -> String {
        let mut message = String::new();
        for (text, column) in &self.parts {
            message.push_str(text);
            let value = column.and_then(|index| row.get(index)).unwrap_or_default();
            // A line end would begin a new header field, which the list could then choose.
            message.extend(value.chars().map(|it| if it.is_control() { ' ' } else { it }));
        }
        message
    }
}
