//! Lies of the server and of the client's report, one at a time: the oracle must find each.

use super::case::Recipient;
use super::client::Said;
use super::log::Delivery;
use super::plan::Answer;
use super::verdict::{Session, Verdict};

/// A deliberate error of the server or of the client's report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sabotage {
    #[default]
    None,
    /// The server delivers each message twice.
    DeliversTwice,
    /// The server loses the last line of each message.
    CutsMessages,
    /// The server delivers nothing of what it accepts.
    ForgetsMessages,
    /// The server leaves out the last recipient.
    LosesRecipient,
    /// The server delivers to a recipient of another message.
    Misroutes,
    /// The server delivers what it refuses.
    DeliversRefused,
    /// The client reports what became of another message.
    SwapsReports,
    /// The client reports a message twice.
    ReportsTwice,
    /// The client does not report the last message.
    ForgetsReport,
    /// The client says of each unknown recipient that nothing was sent.
    DeniesUnknown,
    /// The client knows nothing of what it delivered.
    DoubtsDelivered,
    /// The client calls each refusal the other kind.
    TurnsRefusals,
    /// The client says that the connection is lost.
    DeclaresLost,
    /// The client says that each message may be tried again.
    DeclaresTransient,
    /// The server has offered PIPELINING, and has forgotten that.
    ForgetsPipelining,
    /// The server keeps the transaction of a message that it took.
    KeepsTransactions,
    /// The server says no reply after the third.
    FallsSilent,
    /// The server says the last reply to the first message twice.
    SaysTwice,
    /// The server says the replies for the recipients of a message one too late, the last one first.
    ShiftsOwnReplies,
    /// The client gives the verdicts on the recipients of a message in the wrong order.
    ReversesVerdicts,
}

impl Sabotage {
    /// The deliveries that the server records.
    pub(super) fn of_delivery(self, mut delivery: Delivery) -> Vec<Delivery> {
        match self {
            Self::DeliversTwice => return vec![delivery.clone(), delivery],
            Self::ForgetsMessages => return Vec::new(),
            Self::CutsMessages => {
                let end = delivery.content.len().saturating_sub(2);
                let line = delivery.content[..end].iter().rposition(|&byte| byte == b'\n');
                delivery.content.truncate(line.map_or(0, |feed| feed + 1));
            }
            Self::LosesRecipient => drop(delivery.recipients.pop()),
            Self::Misroutes => {
                let other = |last: &Recipient| Recipient { message: last.message + 1, ..*last };
                delivery.recipients = delivery.recipients.iter().map(other).collect();
            }
            _ => {}
        }
        vec![delivery]
    }

    /// The replies that the server says for each recipient.
    pub(super) fn of_answers(self, answers: &mut [Answer]) {
        if self == Self::ShiftsOwnReplies {
            answers.rotate_right(1);
        }
    }

    pub(super) fn delivers_refused(self) -> bool {
        self == Self::DeliversRefused
    }

    /// How often the server says this reply of its.
    pub(super) fn times(self, number: usize, text: &str) -> usize {
        match self {
            Self::FallsSilent if number > 2 => 0,
            Self::SaysTwice if text.contains("taken") => 2,
            _ => 1,
        }
    }

    /// The verdicts that the client reports.
    pub(super) fn of_said(self, said: &mut Said) {
        if self == Self::DeclaresLost {
            said.session = Session::Lost;
        }
        let reports = &mut said.reports;
        match self {
            Self::SwapsReports => reports.reverse(),
            Self::ReportsTwice => {
                for reports in reports.iter_mut() {
                    let again = reports.clone();
                    reports.extend(again);
                }
            }
            Self::ForgetsReport => drop(reports.last_mut().and_then(Vec::pop)),
            _ => {}
        }
        for report in reports.iter_mut().flatten() {
            if self == Self::ReversesVerdicts {
                report.verdicts.reverse();
            }
            if self == Self::DeclaresTransient {
                report.again = report.again.map(|_| true);
            }
        }
        for verdict in reports.iter_mut().flatten().flat_map(|report| &mut report.verdicts) {
            *verdict = match (self, *verdict) {
                (Self::DeniesUnknown, Verdict::Unknown) => Verdict::NotSent,
                (Self::DoubtsDelivered, Verdict::Delivered) => Verdict::Unknown,
                (Self::TurnsRefusals, Verdict::Refused { transient }) => {
                    Verdict::Refused { transient: !transient }
                }
                (_, verdict) => verdict,
            };
        }
    }
}
