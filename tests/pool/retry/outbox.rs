//! A retrying handle without a server, and one over a sender of the application's own.

use std::sync::Arc;
use std::time::Duration;

use smtp_pool::testing::{Answer, Outbox};
use smtp_pool::{Retry, Schedule, SendMail};

use super::{envelope, outcomes, text};

/// An application that sends mail, whatever by.
struct Application {
    mail: Retry,
}

#[tokio::test(start_paused = true)]
async fn an_application_that_retries_is_tested_without_a_server() {
    let outbox = Outbox::new();
    outbox.script([
        Answer::unreachable(),
        Answer::recipients_refused([("b@example.org", "450 4.2.1 later")]),
    ]);
    let schedule = || Schedule::given([Duration::from_secs(60); 2]);
    let own: Arc<dyn SendMail> = Arc::new(outbox.clone());
    let handles = [outbox.retry(schedule()), Retry::new(own, schedule())];
    for (number, mail) in handles.into_iter().enumerate() {
        let application = Application { mail };
        let report = application.mail.send(envelope("ab"), text(0)).await.expect("delivered");
        assert!(report.is_complete());
        assert_eq!(outcomes(&report), "dd");
        let attempts: Vec<_> =
            report.recipients().iter().map(|recipient| recipient.attempts().len()).collect();
        // The script was for the first alone.
        assert_eq!(attempts, if number == 0 { [2, 3] } else { [1, 1] });
    }
    assert_eq!(outbox.mails().len(), 3);
}
