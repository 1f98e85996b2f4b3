//! How many round trips the first message takes, from the look-up of the server to the reply.

use smtp::testing::Script;
use smtp::{Plain, Transfer};
use tests::ROUND_TRIP;
use tokio::time::Instant;

use super::{AUTH, Bed, COMMANDS, MESSAGE, OFFERS, TAKEN, alone, envelope, flight, in_tls};

/// TCP, TLS and the greeting, EHLO.
const IMPLICIT: u32 = 4;
/// TCP, the greeting, EHLO, STARTTLS, TLS, EHLO.
const STARTTLS: u32 = 6;

#[tokio::test(start_paused = true)]
async fn with_auth() {
    let ahead = format!("{}S: 235 ok\n{TAKEN}{MESSAGE}", flight());
    let data =
        format!("{AUTH}S: 235 ok\n{COMMANDS}C: DATA\n{TAKEN}S: 354 go\nC: x\nC: .\nS: 250 taken\n");
    let data = || (Transfer::data(), data.clone(), 3);
    for (name, pipelines, (transfer, dialogue, round_trips)) in [
        ("chunks, AUTH alone", false, (Transfer::chunks(), alone(), 3)),
        ("chunks", true, (Transfer::chunks(), ahead, 2)),
        // DATA never leaves before AUTH is answered, so nothing is gained.
        ("DATA, AUTH alone", false, data()),
        ("DATA", true, data()),
    ] {
        let starttls = Script::new(&tests::hello(&["STARTTLS"]))
            .then("C: STARTTLS\nS: 220 go\n-- tls --")
            .then(&tests::ehlo(OFFERS))
            .then(&dialogue)
            .lockstep();
        for (implicit, before, script) in
            [(true, IMPLICIT, in_tls(OFFERS, &dialogue)), (false, STARTTLS, starttls)]
        {
            let bed = Bed::new([script]);
            let mut submission = bed.submission.clone().transfer(transfer.clone());
            if pipelines {
                submission = submission.pipeline_auth();
            }
            if implicit {
                submission = submission.implicit_tls();
            }
            let begun = Instant::now();
            let submission = submission.auth(Plain::new("me", "pencil"));
            let sent = submission.connect_and_deliver(&envelope(), "x\r\n").await;
            sent.expect("a session").1.expect("delivered");
            assert_eq!(begun.elapsed(), ROUND_TRIP * (before + round_trips), "{name} {implicit}");
            bed.finish();
        }
    }
}
