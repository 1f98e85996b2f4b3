//! An extension of one's own, whole: its EHLO keyword, a parameter of MAIL, one of RCPT, and a
//! command.
//!
//! A server that lists `X-LEDGER` books the cost of a message to an account.

use smtp::extension::{Conditions, MailParameter, MayBeLeftOut, Parameter, RcptParameter, Unmet};
use smtp::grammar::parser::Parsed;
use smtp::grammar::{Capability, Params, parser};
use smtp::{SmtpCommand, SmtpReply};

/// `X-LEDGER` and the number of the highest account that the server has.
#[derive(Debug, PartialEq, Eq)]
pub struct Ledger {
    pub accounts: Option<u32>,
}

impl Capability for Ledger {
    const KEYWORD: &'static str = "X-LEDGER";

    fn parse(mut params: Params<'_>) -> Self {
        Self { accounts: params.next().and_then(|word| word.parse().ok()) }
    }
}

/// `X-ACCOUNT=` the account that pays for the message.
#[derive(Clone, Copy, Debug)]
pub struct Account(pub u32);

impl MailParameter for Account {
    fn into_parameter(self) -> Parameter {
        Parameter::new("X-ACCOUNT", self.0.to_string(), Ledger::KEYWORD)
            .raises(21)
            .needs(an_account)
    }
}

fn an_account(conditions: &Conditions<'_>) -> Result<(), Unmet> {
    let accounts = conditions.capabilities().get::<Ledger>().and_then(|ledger| ledger.accounts);
    match (accounts, conditions.value().parse::<u32>()) {
        (Some(accounts), Ok(account)) if account > accounts => {
            Err(Unmet::by_server(format!("the server has {accounts} accounts")))
        }
        _ => Ok(()),
    }
}

/// `X-FREE`: this recipient costs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Free;

impl RcptParameter for Free {
    fn into_parameter(self) -> Parameter {
        Parameter::flag("X-FREE", Ledger::KEYWORD)
    }
}

impl MayBeLeftOut for Free {}

/// Asks for the balance of an account.
#[derive(Clone, Copy, Debug, SmtpCommand)]
#[smtp(verb = "X-BALANCE", requires = "X-LEDGER", accepts(250), reply = Balance, valid_in(Idle))]
pub struct AskBalance(pub u32);

/// `250` and the balance.
#[derive(Debug, PartialEq, Eq, SmtpReply)]
pub struct Balance(#[smtp(text = balance)] pub u64);

fn balance(input: &[u8]) -> Parsed<'_, u64> {
    parser::number(input)
}
