//! URLs of submission servers: no text makes the reader panic, or an error show a password.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smtp::Submission;
use smtp::connect::SmtpUrl;

/// Stands for the password, in texts that contain it.
const SENTINEL: &str = "S3NT1NEL";

fuzz_target!(|text: &str| {
    let shown = match text.parse::<SmtpUrl>() {
        Ok(url) => {
            assert_eq!(url.credentials().is_some(), text.contains('@'));
            format!("{:?} {:?}", url.credentials(), Submission::from(url.clone()))
        }
        Err(error) => format!("{error} {error:?}"),
    };
    // Where the user or the host is the sentinel, it may be shown.
    let is_password = text.split_once(':').is_some_and(|(_, after)| {
        after.matches(SENTINEL).count() == 1
            && after.split_once(':').is_some_and(|(_, after)| after.contains(SENTINEL))
            && after.split_once(SENTINEL).is_some_and(|(_, after)| after.contains('@'))
    });
    assert!(!is_password || !shown.contains(SENTINEL), "{shown}");
});
