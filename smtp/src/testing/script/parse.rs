//! The parser of the text of a script.

use std::time::Duration;

use super::plan::Step;

/// The steps of a text, with the numbers of their lines, counted from `first`.
pub(super) fn parse(dialogue: &str, first: usize) -> Vec<(usize, Step)> {
    dialogue
        .lines()
        .enumerate()
        .map(|(number, line)| (first + number + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| match step(line) {
            Some(step) => (number, step),
            None => panic!(
                "line {number} of the script is neither `S: ..`, nor `C: ..`, nor `-- .. --`: \
                 {line}"
            ),
        })
        .collect()
}

fn step(line: &str) -> Option<Step> {
    if let Some(text) = line.strip_prefix("S:") {
        let text = text.strip_prefix(' ').unwrap_or(text);
        return Some(Step::Server(format!("{text}\r\n").into_bytes()));
    }
    if let Some(text) = line.strip_prefix("C:") {
        let text = text.strip_prefix(' ').unwrap_or(text);
        return Some(match (text.strip_suffix("\\*"), text.strip_suffix('*')) {
            (Some(begin), _) => Step::Client(format!("{begin}*"), false),
            (None, Some(begin)) => Step::Client(begin.to_owned(), true),
            (None, None) => Step::Client(text.to_owned(), false),
        });
    }
    let event = line.strip_prefix("--")?.strip_suffix("--")?.trim();
    match event {
        "tls" => Some(Step::Tls),
        "silence" => Some(Step::Silence),
        "close" => Some(Step::Close),
        "cut" => Some(Step::Cut),
        "reset" => Some(Step::Reset),
        _ => duration(event.strip_prefix("wait ")?).map(Step::Wait),
    }
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..unit].parse().ok()?;
    match &text[unit..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number * 60)),
        "h" => Some(Duration::from_secs(number * 3600)),
        _ => None,
    }
}
