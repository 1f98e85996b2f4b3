//! The map of EHLO keywords beside the plainest one: a search through all lines for each question.

use proptest::collection::vec;
use proptest::prelude::*;
use smtp_grammar::{Capabilities, Reply, ReplyCode};

/// Keywords of which many share their length, first and last letter, and so their place in the map;
/// some differ in case alone.
const KEYWORD: &str = "(SIZE|Size|SALE|SIDE|SAFE|AUTH|auth|ABCH|A|a|X-EXPS|[A-C][A-B]{0,2}[A-C])";
const PARAMS: &str = "(| |  | [0-9]{1,11}| [0-9]{1,10} [0-9A-Z]{1,3}| +[0-9]{1,3},[0-9]| [A-Z]{1,4}[0-9]|=[A-Z]{1,5}|\t7|[!_][A-Z])";

/// The lines with a keyword, and its text after it.
fn lines_of<'l>(lines: &'l [String], keyword: &str) -> Vec<&'l str> {
    let text = |line: &'l String| {
        let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let (word, rest) = line.split_at(end.unwrap_or(line.len()));
        let legacy = rest.starts_with('=')
            && ["AUTH", "X-EXPS"].iter().any(|other| other.eq_ignore_ascii_case(word));
        let rest = if legacy { &rest[1..] } else { rest };
        let is_list = legacy || rest.is_empty() || rest.starts_with([' ', '\t']);
        (is_list && word.eq_ignore_ascii_case(keyword)).then(|| rest.trim_ascii_start())
    };
    lines.iter().filter_map(text).collect()
}

/// The number that a text begins with, before a space, a comma or the end.
fn number(text: &str) -> Option<u32> {
    let word = text.split([' ', '\t', ',']).next()?;
    let digits = !word.is_empty() && word.len() <= 9 && word.bytes().all(|b| b.is_ascii_digit());
    if digits { word.parse().ok() } else { None }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_map_is_that_of_a_search(
        lines in vec((KEYWORD, PARAMS).prop_map(|(keyword, params)| keyword + &params), 0..300),
        others in vec(KEYWORD, 20),
        hidden in KEYWORD,
    ) {
        let all = ["mx.example.org"].into_iter().chain(lines.iter().map(String::as_str));
        let capabilities = Capabilities::from_reply(&Reply::new(ReplyCode::OK, all));
        let without = capabilities.without(&[&hidden]);
        for keyword in &others {
            let expected = lines_of(&lines, keyword);
            prop_assert_eq!(capabilities.has(keyword), !expected.is_empty(), "{}", keyword);
            let raw: Vec<_> = capabilities.raw_params(keyword).collect();
            let bytes: Vec<_> = expected.iter().map(|text| text.as_bytes()).collect();
            prop_assert_eq!(&raw, &bytes, "{}", keyword);
            let numbers: Vec<_> = capabilities.numbers(keyword).collect();
            let right: Vec<_> =
                expected.iter().filter_map(|text| number(text)).collect();
            prop_assert_eq!(numbers, right, "{}", keyword);
            let params = capabilities.params(keyword).map(Iterator::collect::<Vec<_>>);
            let words = || {
                let words = expected.iter().flat_map(|text| text.split_ascii_whitespace());
                words.take(64).collect::<Vec<_>>()
            };
            prop_assert_eq!(params, (!expected.is_empty()).then(words), "{}", keyword);
            let is_hidden = keyword.eq_ignore_ascii_case(&hidden);
            prop_assert_eq!(without.has(keyword), !is_hidden && !expected.is_empty());
            let left: Vec<_> = without.raw_params(keyword).collect();
            prop_assert_eq!(left, if is_hidden { Vec::new() } else { bytes });
        }
    }
}
