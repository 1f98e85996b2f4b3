//! A group in the wrong order, by a call that blocks.

use smtp::Lost;
use smtp::blocking::Connection;
use smtp::command::Rcpt;
use smtp::grammar::ForwardPath;
use smtp::state::Greeted;

fn send(connection: Connection<Greeted>) -> Result<Connection<Greeted>, Lost> {
    connection.pipeline(|group| group.rcpt(Rcpt::to(ForwardPath::Postmaster))).0
}

fn main() {}
