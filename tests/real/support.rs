//! Each server that the support table names takes what its row names: the table is evidence.
//!
//! A test for each server goes through the rows that name it. It asks for the keyword in the reply
//! to EHLO, uses the row, and looks at what the server kept where it can tell.

mod commands;
mod keywords;
mod mechanisms;
mod parameters;
mod reports;

use tests::support::{Witness, commands, keywords, mechanisms, parameters};

use super::server::Server;

const ALL: [Witness; 9] = [
    Witness::Aiosmtpd,
    Witness::CyrusSasl,
    Witness::Dovecot,
    Witness::Exim,
    Witness::EximWithLimits,
    Witness::GnuSasl,
    Witness::Postfix,
    Witness::Pyspnego,
    Witness::SmtpServer,
];

async fn rows(script: &str) {
    let Some(server) = Server::get_started(script) else { return };
    let mut seen = 0;
    for witness in ALL.into_iter().filter(|witness| witness.script() == script) {
        for row in commands().iter().filter(|row| row.servers.contains(&witness)) {
            seen += 1;
            commands::takes(server, witness, row).await;
        }
        for (number, row) in parameters().iter().enumerate() {
            if row.servers.contains(&witness) {
                seen += 1;
                parameters::takes(server, witness, row, number).await;
            }
        }
        for row in keywords().iter().filter(|row| row.of_its_own().contains(&witness)) {
            seen += 1;
            keywords::keeps_to(server, witness, row).await;
        }
        for row in mechanisms().iter().filter(|row| row.servers.contains(&witness)) {
            seen += 1;
            mechanisms::logs_in(server, witness, row).await;
        }
    }
    assert!(seen > 0, "the table has no row of {script}");
}

with_each_server!(rows);

#[tokio::test]
async fn exim_gsasl() {
    rows("exim-gsasl").await;
}
