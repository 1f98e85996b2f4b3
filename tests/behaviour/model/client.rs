//! The client under test: one case through the public API, and what it said of each message.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use smtp::command::{Mail, Noop, Rcpt};
use smtp::extension::{BodyKind, Prdr};
use smtp::pipeline::StartsTransaction;
use smtp::state::{Idle, InTransaction, Transition};
use smtp::{Connection, Envelope, Mailbox, Policy, Transfer};
use tests::server;
use tokio::time::{Instant, timeout};

use super::case::{self, Case, Message, Mode, Recipient, Way, sender};
use super::log::Log;
use super::plan::Protocol;
use super::sabotage::Sabotage;
use super::server::Server;
use super::sources::{Late, body, owned_body};
use super::verdict::{self, Report, Session};
use super::wire::{ServerEnd, connection};

/// A session that was played.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) log: Log,
    pub(super) said: Said,
    /// Milliseconds that the calls took; none when they did not end.
    pub(super) took: Option<u64>,
    pub(super) after: Option<After>,
}

/// The results of the client's calls.
#[derive(Debug)]
pub(super) struct Said {
    /// For each message, every report of it.
    pub(super) reports: Vec<Vec<Report>>,
    /// How many messages were taken from the source.
    pub(super) taken: usize,
    pub(super) session: Session,
}

/// The state of the connection after all calls.
#[derive(Debug)]
pub(super) struct After {
    /// The reply to NOOP.
    pub(super) noop: Option<String>,
    /// Bytes that left for it.
    pub(super) wrote: u64,
    /// The fate of one more message, if NOOP worked.
    pub(super) probe: Option<Report>,
}

/// Longer than all timeouts of the client together.
const ENDLESS: Duration = Duration::from_secs(24 * 60 * 60);

/// Plays a case.
///
/// # Errors
///
/// The client panicked, with these words.
pub(super) fn play(case: &Case, sabotage: Sabotage) -> Result<Played, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let played = catch_unwind(AssertUnwindSafe(|| runtime.block_on(session(case, sabotage))));
    played.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
    })
}

async fn session(case: &Case, sabotage: Sabotage) -> Played {
    let (stream, wire) = connection(case.plan.pace.pieces);
    let quiet = Arc::new(AtomicBool::new(false));
    let model = Server::new(wire.clone(), case.plan.clone(), Arc::clone(&quiet), sabotage);
    let model = tokio::spawn(model.serve());
    let server = server().transfer(transfer(case.mode));
    let (mut said, took, after) = match case.plan.protocol {
        Protocol::Smtp | Protocol::Prdr => {
            let connection = Connection::from_stream(stream, &server).await.expect("EHLO");
            calls(case, connection, &quiet, &wire).await
        }
        Protocol::Lmtp => {
            let connection = Connection::lmtp_from_stream(stream, &server).await.expect("LHLO");
            calls(case, connection, &quiet, &wire).await
        }
    };
    sabotage.of_said(&mut said);
    Played { log: model.await.expect("the model server"), said, took, after }
}

/// The calls of the case, and what the connection is good for afterwards.
async fn calls<H: Idle>(
    case: &Case,
    connection: Connection<H>,
    quiet: &AtomicBool,
    wire: &ServerEnd,
) -> (Said, Option<u64>, Option<After>)
where
    Mail: Transition<H, Next = InTransaction<H>> + StartsTransaction<H>,
{
    let began = Instant::now();
    let mut client = Client {
        case,
        said: Said {
            reports: vec![Vec::new(); case.messages.len()],
            taken: 0,
            session: Session::Intact,
        },
        idle: PhantomData,
    };
    let calls = timeout(ENDLESS, client.run(connection)).await;
    let took = calls.is_ok().then(|| began.elapsed().as_millis());
    let took = took.and_then(|took| u64::try_from(took).ok());
    let mut after = None;
    if let Ok(Some(mut connection)) = calls {
        quiet.store(client.said.session == Session::Intact, Ordering::Relaxed);
        after = timeout(ENDLESS, use_again(case, &mut connection, wire)).await.ok();
    }
    (client.said, took, after)
}

/// Looks at what the connection is good for.
async fn use_again<H: Idle>(
    case: &Case,
    connection: &mut Connection<H>,
    wire: &ServerEnd,
) -> After {
    let before = wire.written();
    let noop = verdict::of_noop(connection.send(Noop).await);
    let wrote = wire.written() - before;
    let mut probe = None;
    if noop.is_some() {
        let index = case.messages.len();
        let message = Message::to(1);
        let body = message.text(index);
        let result = connection.deliver(&envelope(&message, index), body).await;
        probe = Some(verdict::of_delivery(result, 1));
    }
    After { noop, wrote, probe }
}

/// A client at work.
#[derive(Debug)]
struct Client<'c, H> {
    case: &'c Case,
    said: Said,
    idle: PhantomData<H>,
}

impl<H: Idle> Client<'_, H>
where
    Mail: Transition<H, Next = InTransaction<H>> + StartsTransaction<H>,
{
    /// Makes the calls. A connection that is borrowed by them comes back also when it is lost.
    async fn run(&mut self, mut connection: Connection<H>) -> Option<Connection<H>> {
        match self.case.mode {
            Mode::Deliver(_) => {
                self.deliver(&mut connection).await;
                Some(connection)
            }
            Mode::DeliverAll(_) => {
                self.deliver_all(&mut connection).await;
                Some(connection)
            }
            Mode::DeliverStream(_) => {
                self.deliver_stream(&mut connection).await;
                Some(connection)
            }
            Mode::Feed(_) => {
                self.feed(&mut connection).await;
                Some(connection)
            }
            Mode::TypedData | Mode::TypedBdat(_) => self.typed(connection).await,
            Mode::Pipeline => self.pipelines(connection).await,
            Mode::PipelinePairs => self.pairs(connection).await,
        }
    }

    async fn deliver(&mut self, connection: &mut Connection<H>) {
        for (index, message) in self.case.messages.iter().enumerate() {
            if self.said.session == Session::Lost {
                break;
            }
            let text = message.text(index);
            let envelope = envelope(message, index);
            let result = connection.deliver(&envelope, body(message, index, &text)).await;
            self.report(index, verdict::of_delivery(result, message.recipients));
        }
    }

    async fn deliver_all(&mut self, connection: &mut Connection<H>) {
        let messages = &self.case.messages;
        let texts: Vec<_> =
            messages.iter().enumerate().map(|(index, message)| message.text(index)).collect();
        let Said { reports, taken, session } = &mut self.said;
        let source = messages.iter().zip(&texts).enumerate().map(|(index, (message, text))| {
            *taken += 1;
            (envelope(message, index), body(message, index, text))
        });
        let result = connection
            .deliver_all(source, |index, result| {
                let report = verdict::of_delivery(result, messages[index].recipients);
                reports[index].push(report);
            })
            .await;
        *session = verdict::of_run(&result);
    }

    async fn deliver_stream(&mut self, connection: &mut Connection<H>) {
        let messages = &self.case.messages;
        let Said { reports, taken, session } = &mut self.said;
        let source = messages.iter().enumerate().map(|(index, message)| {
            *taken += 1;
            (envelope(message, index), owned_body(message, index, &message.text(index)))
        });
        let result = connection
            .deliver_stream(Late::new(source), |index, result| {
                let report = verdict::of_delivery(result, messages[index].recipients);
                reports[index].push(report);
            })
            .await;
        *session = verdict::of_run(&result);
    }

    /// Each message is submitted when the one before it has room, and all results are waited for.
    async fn feed(&mut self, connection: &mut Connection<H>) {
        let messages = &self.case.messages;
        let (feed, running) = connection.feed_mut();
        let callers = async {
            let mut deliveries = Vec::new();
            for (index, message) in messages.iter().enumerate() {
                let body = owned_body(message, index, &message.text(index));
                deliveries.push(feed.submit(envelope(message, index), body).await);
            }
            drop(feed);
            let mut reports = Vec::new();
            for (message, delivery) in messages.iter().zip(deliveries) {
                reports.push(verdict::of_delivery(delivery.await, message.recipients));
            }
            reports
        };
        let (result, reports) = tokio::join!(running, callers);
        self.said.session = verdict::of_run(&result);
        self.said.taken = messages.len();
        for (all, report) in self.said.reports.iter_mut().zip(reports) {
            all.push(report);
        }
    }

    async fn typed(&mut self, mut connection: Connection<H>) -> Option<Connection<H>> {
        for (index, message) in self.case.messages.iter().enumerate() {
            let (report, back) = self.transact(connection, index, message).await;
            self.report(index, report);
            connection = back?;
        }
        Some(connection)
    }

    async fn transact(
        &self,
        connection: Connection<H>,
        index: usize,
        message: &Message,
    ) -> (Report, Option<Connection<H>>) {
        let mail = self.mail(index);
        let opened = verdict::of_mail(connection.transition(mail).await, message.recipients);
        let mut transaction = match opened {
            Ok(transaction) => transaction,
            Err(refused) => return refused,
        };
        let mut named = Vec::new();
        for rcpt in rcpts(message, index) {
            match verdict::of_rcpt(transaction.rcpt(rcpt).await) {
                Ok(verdict) => named.push(verdict),
                Err(last) => return (verdict::of_broken(named, message.recipients, last), None),
            }
        }
        if transaction.accepted() == 0 {
            return verdict::of_reset(transaction.reset().await, named);
        }
        let text = message.text(index);
        let body = body(message, index, &text);
        let result = match self.case.mode {
            Mode::TypedBdat(_) => transaction.bdat(body).await,
            _ => transaction.data(body).await,
        };
        verdict::of_content(result, named)
    }

    async fn pipelines(&mut self, mut connection: Connection<H>) -> Option<Connection<H>> {
        for (index, message) in self.case.messages.iter().enumerate() {
            let text = message.text(index);
            let group = connection.pipeline().mail(self.mail(index)).each(rcpts(message, index));
            let (landing, (mail, named, end)) = group.data(body(message, index, &text)).await;
            let (session, back) = verdict::of_landing(landing);
            let verdicts = verdict::of_group(&mail, &named, &end);
            self.report(index, Report { verdicts, session, again: None });
            connection = back?;
        }
        Some(connection)
    }

    /// Two messages in each group; the last one of an odd number is left out.
    async fn pairs(&mut self, mut connection: Connection<H>) -> Option<Connection<H>> {
        for first in (0..self.case.messages.len().saturating_sub(1)).step_by(2) {
            let [one, two] = [first, first + 1].map(|index| &self.case.messages[index]);
            let texts = [one.text(first), two.text(first + 1)];
            let group = connection.pipeline().mail(self.mail(first)).each(rcpts(one, first));
            let group = group.data(body(one, first, &texts[0])).mail(self.mail(first + 1));
            let group = group.each(rcpts(two, first + 1)).data(body(two, first + 1, &texts[1]));
            let (landing, outcomes) = group.await;
            let (session, back) = verdict::of_landing(landing);
            let verdicts = verdict::of_group(&outcomes.0, &outcomes.1, &outcomes.2);
            self.report(first, Report { verdicts, session, again: None });
            let verdicts = verdict::of_group(&outcomes.3, &outcomes.4, &outcomes.5);
            self.report(first + 1, Report { verdicts, session, again: None });
            connection = back?;
        }
        Some(connection)
    }

    fn report(&mut self, index: usize, report: Report) {
        self.said.taken = index + 1;
        self.said.session = report.session;
        self.said.reports[index].push(report);
    }

    /// MAIL of the typed calls, with what `deliver` adds by itself.
    fn mail(&self, index: usize) -> Mail {
        let mail = Mail::from(sender(index).parse::<Mailbox>().expect("an address"));
        let mail = if self.case.plan.protocol == Protocol::Prdr { mail.with(Prdr) } else { mail };
        if self.case.plan.offers.eight_bit { mail.body(BodyKind::EightBitMime) } else { mail }
    }
}

fn transfer(mode: Mode) -> Transfer {
    match (mode, mode.way()) {
        (_, Some(Way::Chunks(size))) | (Mode::TypedBdat(size), _) => {
            Transfer::chunks().chunk_size(size)
        }
        (_, Some(Way::Eager(size, messages, bytes))) => {
            Transfer::eager().chunk_size(size).window(messages, bytes)
        }
        (_, Some(Way::Data) | None) => Transfer::data(),
    }
}

fn envelope(message: &Message, index: usize) -> Envelope {
    let envelope = Envelope::new(sender(index), recipients(message, index)).expect("addresses");
    envelope.policy(match message.policy {
        case::Policy::AnyAccepted => Policy::AnyAccepted,
        case::Policy::Whole => Policy::Whole,
        case::Policy::AllOrNothing => Policy::AllOrNothing,
    })
}

fn rcpts(message: &Message, index: usize) -> Vec<Rcpt> {
    let mailbox = |address: String| address.parse::<Mailbox>().expect("an address");
    recipients(message, index).map(mailbox).map(Rcpt::to).collect()
}

fn recipients(message: &Message, index: usize) -> impl Iterator<Item = String> {
    (0..message.recipients).map(move |number| Recipient { message: index, number }.to_string())
}
