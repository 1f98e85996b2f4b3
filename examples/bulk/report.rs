//! The report, a CSV file that only grows: how each recipient fared.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use smtp::{DeliverError, Receipt};
use smtp_pool::SendError;

use crate::Result;

/// The last word about a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Sending,
    Delivered,
    Later,
    Refused,
    Unknown,
}

const WORDS: [(&str, Outcome); 5] = [
    ("sending", Outcome::Sending),
    ("delivered", Outcome::Delivered),
    ("later", Outcome::Later),
    ("refused", Outcome::Refused),
    ("unknown", Outcome::Unknown),
];

#[derive(Debug)]
pub(crate) struct Report {
    known: HashMap<String, Outcome>,
    /// The addresses of messages under way, by their index.
    sending: HashMap<usize, String>,
    begun: usize,
    ended: usize,
    file: csv::Writer<File>,
}

impl Report {
    /// Reads the report, if there is one, and goes on after its end.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let complaint = |error: &dyn Display| format!("the report {}: {error}", path.display());
        let file = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = file.map_err(|error| complaint(&error))?;
        let is_new = file.metadata()?.len() == 0;
        let mut known = HashMap::new();
        for row in csv::Reader::from_reader(&file).records() {
            let row = row.map_err(|error| complaint(&error))?;
            let outcome = WORDS.iter().find(|(word, _)| row.get(1) == Some(word));
            let (Some(address), Some((_, outcome))) = (row.get(0), outcome) else {
                return Err(complaint(&format!("no result in {row:?}")).into());
            };
            known.insert(key(address), *outcome);
        }
        let mut file = csv::Writer::from_writer(file);
        if is_new {
            file.write_record(["address", "result", "text"])?;
        }
        Ok(Self { known, sending: HashMap::new(), begun: 0, ended: 0, file })
    }

    /// Whether the recipient is to be sent to: it is new, or another attempt may go well.
    pub(crate) fn is_due(&self, address: &str) -> bool {
        self.known.get(&key(address)).is_none_or(|outcome| *outcome == Outcome::Later)
    }

    /// Whether the report does not have the recipient.
    pub(crate) fn is_new(&self, address: &str) -> bool {
        !self.known.contains_key(&key(address))
    }

    /// Notes that the next message begins.
    pub(crate) fn begin(&mut self, address: &str) -> io::Result<()> {
        self.note(address, Outcome::Sending, "")?;
        self.sending.insert(self.begun, address.into());
        self.begun += 1;
        Ok(())
    }

    /// Notes how a message ended.
    pub(crate) fn end(
        &mut self,
        index: usize,
        result: &std::result::Result<Receipt, SendError>,
    ) -> io::Result<()> {
        let Some(address) = self.sending.remove(&index) else {
            return Ok(());
        };
        self.ended += 1;
        match result {
            Ok(receipt) => self.note(&address, Outcome::Delivered, &receipt.reply().to_string()),
            Err(error) => self.note(&address, outcome(error), &error.to_string()),
        }
    }

    /// Notes a recipient that cannot be sent to.
    pub(crate) fn refuse(&mut self, address: &str, why: &str) -> io::Result<()> {
        self.note(address, Outcome::Refused, why)
    }

    /// How many messages of this run have ended.
    pub(crate) fn ended(&self) -> usize {
        self.ended
    }

    fn note(&mut self, address: &str, outcome: Outcome, text: &str) -> io::Result<()> {
        let word = WORDS.iter().find(|(_, of)| *of == outcome).map_or("", |(word, _)| word);
        self.file.write_record([address, word, text])?;
        // Each line is in the file before anything follows from it.
        self.file.flush()?;
        self.known.insert(key(address), outcome);
        Ok(())
    }

    pub(crate) fn into_tally(mut self) -> Result<Tally> {
        self.file.flush()?;
        let mut tally = Tally::default();
        for outcome in self.known.values() {
            *match outcome {
                Outcome::Delivered => &mut tally.delivered,
                Outcome::Later => &mut tally.later,
                Outcome::Refused => &mut tally.refused,
                Outcome::Sending | Outcome::Unknown => &mut tally.unknown,
            } += 1;
        }
        Ok(tally)
    }
}

/// Addresses that differ in case alone are one recipient.
fn key(address: &str) -> String {
    address.to_lowercase()
}

fn outcome(error: &SendError) -> Outcome {
    match error {
        SendError::Delivery(DeliverError::Unknown(_)) => Outcome::Unknown,
        SendError::NotSent(_) | SendError::Delivery(DeliverError::NotSent(_)) => Outcome::Later,
        _ if error.is_transient() => Outcome::Later,
        SendError::Delivery(_) => Outcome::Refused,
    }
}

/// The recipients of the report, by their last result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) delivered: usize,
    pub(crate) later: usize,
    pub(crate) refused: usize,
    pub(crate) unknown: usize,
    /// Recipients of the list that the report does not have.
    pub(crate) left: usize,
}

impl Tally {
    pub(crate) fn is_complete(&self) -> bool {
        (self.later, self.refused, self.unknown, self.left) == (0, 0, 0, 0)
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { delivered, later, refused, unknown, left } = self;
        write!(f, "{delivered} delivered, {refused} refused")?;
        if *left > 0 {
            write!(f, ", {left} left")?;
        }
        if *later > 0 {
            write!(f, ", {later} to be sent again: run it once more")?;
        }
        if *unknown > 0 {
            write!(f, ", {unknown} unknown: sending to them again may deliver twice")?;
        }
        Ok(())
    }
}
