//! The messages of the list that are due, one after the other.

use std::cell::RefCell;
use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::path::Path;

use csv::StringRecord;
use smtp::Envelope;

use crate::Result;
use crate::args::Options;
use crate::report::Report;
use crate::template::{Filler, Template};

/// An iterator that notes each message in the report before it gives it out.
pub(crate) struct Mailing<'a> {
    rows: csv::StringRecordsIntoIter<File>,
    address: usize,
    from: &'a str,
    filler: Filler,
    report: &'a RefCell<Report>,
    failed: &'a RefCell<Option<Box<dyn Error>>>,
}

/// Opens a list. Gives the place of the addresses too.
fn open(path: &Path) -> Result<(csv::Reader<File>, usize)> {
    let mut list = csv::Reader::from_path(path)
        .map_err(|error| format!("the list {}: {error}", path.display()))?;
    let address = list.headers()?.iter().position(|column| column == "address");
    let missing = || format!("the list {} has no column `address`", path.display());
    Ok((list, address.ok_or_else(missing)?))
}

/// How many recipients of the list are such; each line has to be readable.
pub(crate) fn count(path: &Path, is_such: impl Fn(&str) -> bool) -> Result<usize> {
    let (mut list, address) = open(path)?;
    let mut row = StringRecord::new();
    let mut such = HashSet::new();
    while list.read_record(&mut row).map_err(|error| format!("{}: {error}", path.display()))? {
        let address = row.get(address).unwrap_or_default().trim();
        if is_such(address) {
            such.insert(address.to_lowercase());
        }
    }
    Ok(such.len())
}

impl<'a> Mailing<'a> {
    pub(crate) fn new(
        options: &'a Options,
        template: Template,
        report: &'a RefCell<Report>,
        failed: &'a RefCell<Option<Box<dyn Error>>>,
    ) -> Result<Self> {
        let (mut list, address) = open(&options.recipients)?;
        let filler = template.with_columns(list.headers()?)?;
        // A sender that is no address would be a mistake in each message.
        Envelope::new(options.from.as_str(), [""; 0])?;
        Ok(Self { rows: list.into_records(), address, from: &options.from, filler, report, failed })
    }

    /// The next message. None at the end of the list, and where the report cannot be written.
    fn next_message(&mut self) -> Option<Result<(Envelope, String)>> {
        loop {
            let row = match self.rows.next()? {
                Ok(row) => row,
                Err(error) => return Some(Err(error.into())),
            };
            let address = row.get(self.address).unwrap_or_default().trim();
            let mut report = self.report.borrow_mut();
            if !report.is_due(address) {
                continue;
            }
            let noted = match Envelope::new(self.from, [address]) {
                Ok(envelope) => match report.begin(address) {
                    Ok(()) => return Some(Ok((envelope, self.filler.fill(&row)))),
                    failed => failed,
                },
                Err(error) => report.refuse(address, &error.to_string()),
            };
            if let Err(error) = noted {
                return Some(Err(error.into()));
            }
        }
    }
}

impl Iterator for Mailing<'_> {
    type Item = (Envelope, String);

    fn next(&mut self) -> Option<Self::Item> {
        match self.next_message()? {
            Ok(message) => Some(message),
            // Nothing is sent that is not noted; the messages under way are finished.
            Err(error) => {
                *self.failed.borrow_mut() = Some(error);
                None
            }
        }
    }
}
