//! The scene of a group: the outcomes of its entries, as messages and recipients.

use super::messages::{LARGE, mail, rcpts, recipients};
use super::oracle::{Fate, Kind, Report, number};
use super::scenes::Stage;
use super::setting::{Mode, Scene, Source};
use crate::command::{Data, Quit};
use crate::error::refusal::Refusal;
use crate::exchange::pipeline::entry::{Single, StateEffect, WithContent};
use crate::exchange::pipeline::many::Many;
use crate::exchange::pipeline::predicted::PredictedState;
use crate::exchange::pipeline::run::PipelineRun;
use crate::exchange::pipeline::{Append as _, Entries, Message, Outcome, OutcomeEntry};
use crate::exchange::recipients::RecipientList;
use crate::message::receipt::Receipt;

type Told<'r, R> = (Outcome<R>, Vec<Outcome<R>>, Message<R>);

/// Runs a group of two messages, and QUIT where the scene has it.
pub(super) fn group(stage: &mut Stage<'_>) -> Result<(), String> {
    let first = if stage.cell.source == Source::Large { LARGE } else { 1 };
    let prdr = stage.cell.mode == Mode::Prdr;
    let (one, two) = (stage.body(first), stage.body(2));
    let entries = (
        OutcomeEntry::new(Single::new(StateEffect::Open, mail(first, prdr))),
        OutcomeEntry::new(Many::new(rcpts(first))),
        OutcomeEntry::new(WithContent::new(Data, one)),
        OutcomeEntry::new(Single::new(StateEffect::Open, mail(2, prdr))),
        OutcomeEntry::new(Many::new(rcpts(2))),
        OutcomeEntry::new(WithContent::new(Data, two)),
    );
    if stage.cell.scene == Scene::Group {
        let (mail1, rcpts1, data1, mail2, rcpts2, data2) = play(stage, entries)?;
        tell(stage, first, (mail1, rcpts1, data1));
        tell(stage, 2, (mail2, rcpts2, data2));
        return Ok(());
    }
    let entries = entries.with(OutcomeEntry::new(Single::new(StateEffect::Quit, Quit)));
    let (mail1, rcpts1, data1, mail2, rcpts2, data2, _) = play(stage, entries)?;
    tell(stage, first, (mail1, rcpts1, data1));
    tell(stage, 2, (mail2, rcpts2, data2));
    stage.story.over = true;
    Ok(())
}

fn play<'a, L: Entries<'a>>(stage: &mut Stage<'_>, entries: L) -> Result<L::Outcomes, String> {
    let start = PredictedState::default();
    let recipients = RecipientList::default();
    let mut run = PipelineRun::new(entries, &stage.capabilities, start, recipients);
    stage.story.lost = stage.bench.run(&mut run)?.lost;
    stage.story.grouped = true;
    Ok(run.into_members().outcomes())
}

/// Makes a report of the outcomes of the entries of one message.
fn tell<R>(stage: &mut Stage<'_>, message: usize, (mail, named, data): Told<'_, R>) {
    let lost = stage.story.lost;
    let kind = match &data.end {
        Outcome::Accepted(_) | Outcome::Unreadable(_) => Kind::Taken,
        Outcome::Unknown => Kind::Unknown,
        Outcome::Refused(_) | Outcome::NotSent(_) if lost => Kind::Lost,
        Outcome::Refused(_) | Outcome::NotSent(_) => Kind::Refused,
    };
    let reply = match &data.end {
        Outcome::Accepted(receipt) => number(receipt.reply()),
        _ => None,
    };
    let fates = recipients(message).iter().enumerate();
    let fates = fates.map(|(index, rcpt)| {
        let fate = fate(index, &mail, named.get(index), &data);
        (rcpt.clone(), fate)
    });
    let fates = fates.collect();
    stage.story.reports.push(Report { message, kind, fates, transient: None, reply });
}

fn fate<R>(index: usize, mail: &Outcome<R>, rcpt: Option<&Outcome<R>>, data: &Message<R>) -> Fate {
    let refusal = |refusal: &Refusal| Fate::refused(refusal);
    if let Outcome::Accepted(receipt) = &data.end {
        return of_receipt(index, receipt);
    }
    // Of a message that was sent.
    if let Some(recipient) = data.recipients.get(index) {
        return Fate::of(recipient).1;
    }
    if let Some(refused) = mail.refusal().or(rcpt.and_then(Outcome::refusal)) {
        return refusal(refused);
    }
    match (&data.opening, &data.end) {
        (Outcome::Refused(refused), _) | (_, Outcome::Refused(refused)) => refusal(refused),
        (_, Outcome::Unknown) => Fate::Unknown,
        _ => Fate::NotSent,
    }
}

fn of_receipt(index: usize, receipt: &Receipt) -> Fate {
    receipt.recipients().get(index).map_or(Fate::NotSent, |recipient| Fate::of(recipient).1)
}
