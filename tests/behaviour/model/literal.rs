//! The printer of a case as Rust code, to be kept in `kept`: only the values that differ from the
//! quiet server.

use std::fmt::{self, Debug, Display};

use super::case::{Case, Message};
use super::plan::{ALL, Plan};

impl Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "case(Mode::{:?}, [", self.mode)?;
        for message in &self.messages {
            writeln!(f, "    {message},")?;
        }
        writeln!(f, "], |plan| {{")?;
        plan(&self.plan, f)?;
        writeln!(f, "}})")
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = Self::to(self.recipients);
        let mut fields = String::new();
        let mut field = |name: &str, value: &dyn Debug, usual: &dyn Debug| {
            let [value, usual] = [value, usual].map(|value| format!("{value:?}"));
            if value != usual {
                fields.extend([name, ": ", &value, ", "]);
            }
        };
        field("policy", &self.policy, &plain.policy);
        field("kind", &self.kind, &plain.kind);
        field("lines", &self.lines, &plain.lines);
        field("times", &self.times, &plain.times);
        field("line_end", &self.line_end, &plain.line_end);
        field("ends_line", &self.ends_line, &plain.ends_line);
        if fields.is_empty() {
            write!(f, "Message::to({})", self.recipients)
        } else {
            write!(f, "Message {{ {fields}..Message::to({}) }}", self.recipients)
        }
    }
}

fn plan(plan: &Plan, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quiet = Plan::quiet();
    let mut line = |name: &str, value: &dyn Debug, usual: &dyn Debug| {
        let [value, usual] = [value, usual].map(|value| format!("{value:?}"));
        if value == usual {
            return Ok(());
        }
        let value = value.replace(&ALL.to_string(), "ALL").replace('[', "vec![");
        writeln!(f, "    plan.{name} = {value};")
    };
    line("protocol", &plan.protocol, &quiet.protocol)?;
    line("offers.pipelining", &plan.offers.pipelining, &quiet.offers.pipelining)?;
    line("offers.chunking", &plan.offers.chunking, &quiet.offers.chunking)?;
    line("offers.eight_bit", &plan.offers.eight_bit, &quiet.offers.eight_bit)?;
    line("offers.size", &plan.offers.size, &quiet.offers.size)?;
    line("offers.rcpt_max", &plan.offers.rcpt_max, &quiet.offers.rcpt_max)?;
    line("offers.mail_max", &plan.offers.mail_max, &quiet.offers.mail_max)?;
    line("mail", &plan.mail, &quiet.mail)?;
    line("rcpt", &plan.rcpt, &quiet.rcpt)?;
    line("data", &plan.data, &quiet.data)?;
    line("chunk", &plan.chunk, &quiet.chunk)?;
    line("end", &plan.end, &quiet.end)?;
    line("own", &plan.own, &quiet.own)?;
    line("announces", &plan.announces, &quiet.announces)?;
    line("refuses_chunks_early", &plan.refuses_chunks_early, &quiet.refuses_chunks_early)?;
    line("most_recipients", &plan.most_recipients, &quiet.most_recipients)?;
    line("no_recipients", &plan.no_recipients, &quiet.no_recipients)?;
    line("keeps_transaction", &plan.keeps_transaction, &quiet.keeps_transaction)?;
    line("suspicious", &plan.suspicious, &quiet.suspicious)?;
    line("two_line_replies", &plan.two_line_replies, &quiet.two_line_replies)?;
    line("cut", &plan.cut, &quiet.cut)?;
    let (pace, usual) = (&plan.pace, &quiet.pace);
    line("pace.pieces.room", &pace.pieces.room, &usual.pieces.room)?;
    line("pace.pieces.client_reads", &pace.pieces.client_reads, &usual.pieces.client_reads)?;
    line("pace.pieces.client_writes", &pace.pieces.client_writes, &usual.pieces.client_writes)?;
    line("pace.pieces.vectored", &pace.pieces.vectored, &usual.pieces.vectored)?;
    line("pace.server_reads", &pace.server_reads, &usual.server_reads)?;
    line("pace.server_says", &pace.server_says, &usual.server_says)?;
    line("pace.between", &pace.between, &usual.between)?;
    line("pace.delays", &pace.delays, &usual.delays)
}
