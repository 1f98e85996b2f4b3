//! The index of errors in the guide: each of its sentences is reached here, says whose doing the
//! error is and whether to try again, and no sentence of the sources is missing.

mod connecting;
mod lost;
mod refused;
mod sentences;
mod values;

use smtp::error::Blame;
use smtp::{DeliverError, Error};

/// An error that was met.
struct Seen {
    text: String,
    /// Whose doing it is, and whether the same call may be made again, where the error says so.
    verdict: Option<(Blame, bool)>,
}

impl Seen {
    fn of(error: impl Into<Error>) -> Self {
        let error = error.into();
        let verdict = Some((error.blame(), error.is_transient()));
        Self { text: plain(&error.to_string()), verdict }
    }

    fn of_message(error: &DeliverError) -> Self {
        let verdict = Some((error.blame(), error.is_transient()));
        Self { text: plain(&error.to_string()), verdict }
    }

    fn text(error: &impl ToString) -> Self {
        Self { text: plain(&error.to_string()), verdict: None }
    }
}

/// A row of the index.
struct Row {
    says: String,
    doing: String,
    again: String,
}

impl Row {
    fn matches(&self, text: &str) -> bool {
        let mut rest = text;
        self.says.split('…').all(|part| match rest.split_once(part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }

    /// Whether the row is of the whole text, and not of a cause that stands in it.
    fn decides(&self, text: &str) -> bool {
        let causes = ["the server broke the protocol: ", "the TLS handshake failed: "];
        let text = causes.iter().find_map(|cause| text.strip_prefix(cause)).unwrap_or(text);
        let compound = text.contains("; then ") || text.contains(", then ");
        text.starts_with(self.says.split('…').next().unwrap_or_default())
            && (!compound || self.says.contains("then …"))
    }

    /// Whether an error of this verdict is what the row says.
    fn fits(&self, (blame, transient): (Blame, bool)) -> bool {
        let doing = match &*self.doing {
            "caller" => blame == Blame::Caller,
            "server" => blame == Blame::Server,
            "network" => blame == Blame::Network,
            "machine" => blame == Blame::Local,
            other => other == "by cause",
        };
        let again = match &*self.again {
            "yes" => transient,
            "no" => !transient,
            other => matches!(other, "by code" | "by cause"),
        };
        doing && again
    }
}

/// Without the marks of code.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// The rows of the index that have four cells.
fn rows() -> Vec<Row> {
    let chapter = include_str!("../../../smtp/src/guide/errors.md");
    let cells = |line: &str| {
        let line = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<String> = line.split('|').map(|cell| plain(cell.trim())).collect();
        let [says, doing, again, advice] = cells.try_into().ok()?;
        let is_head = says == "it says" || says.starts_with("---");
        assert!(is_head || !advice.is_empty(), "no advice: {line}");
        (!is_head).then_some(Row { says, doing, again })
    };
    chapter.lines().filter_map(cells).collect()
}

#[tokio::test(start_paused = true)]
async fn every_sentence_of_the_index_is_reached() {
    let mut seen = connecting::seen().await;
    seen.extend(connecting::configurations());
    seen.extend(lost::seen().await);
    seen.extend(lost::protocol().await);
    seen.extend(lost::of_messages().await);
    seen.extend(refused::seen().await);
    seen.extend(refused::authentication().await);
    seen.extend(refused::messages().await);
    seen.extend(values::commands().await);
    seen.extend(values::others().await);
    let rows = rows();
    let mut wrong = Vec::new();
    for row in &rows {
        let mut reached = false;
        for seen in seen.iter().filter(|seen| row.matches(&seen.text)) {
            reached = true;
            let verdict = seen.verdict.filter(|_| row.decides(&seen.text));
            if let Some(verdict) = verdict.filter(|&verdict| !row.fits(verdict)) {
                wrong.push(format!("{} says {verdict:?}: {}", row.says, seen.text));
            }
        }
        if !reached {
            wrong.push(format!("not reached: {}", row.says));
        }
    }
    for seen in &seen {
        if !rows.iter().any(|row| row.matches(&seen.text)) {
            wrong.push(format!("not in the index: {}", seen.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows.len() >= 70, "{}", rows.len());
}

#[test]
fn no_sentence_of_the_sources_is_missing() {
    let rows = rows();
    let sentences = sentences::of_sources();
    assert!(sentences.len() >= 70, "{sentences:?}");
    let missing: Vec<&String> =
        sentences.iter().filter(|sentence| !rows.iter().any(|row| row.matches(sentence))).collect();
    assert!(missing.is_empty(), "not in the index: {missing:#?}");
}
