//! Each keyword of the table is read into its type; `parameters::keywords` has what each type holds.

use smtp::Reply;
use smtp::extension::*;
use smtp::grammar::{Capabilities, Capability, ReplyCode};
use tests::support::keywords;

/// A type is read from the keyword of its row, with words after it or without, and from nothing else.
fn reads<C: Capability>(keyword: &str) {
    assert_eq!(C::KEYWORD, keyword);
    let is_read = |lines: &[&str]| {
        Capabilities::from_reply(&Reply::new(ReplyCode::OK, lines)).get::<C>().is_some()
    };
    for line in [keyword, &keyword.to_ascii_lowercase(), &format!("{keyword} and more")] {
        assert!(is_read(&["mail.example.test", line]), "{line}");
    }
    for line in [&*format!("{keyword}X"), &format!("X{keyword}"), "X-OTHER", ""] {
        assert!(!is_read(&["mail.example.test", line]), "{line}");
    }
    // The first line is never an extension.
    assert!(!is_read(&[keyword]), "{keyword}");
}

/// The types by their names, and the function that reads each.
macro_rules! types {
    ($($name:ident)*) => {
        [$((stringify!($name), reads::<$name> as fn(&str))),*]
    };
}

#[test]
fn offered_and_not_offered() {
    let types = types![
        AtrnExtension AuthMechanisms BinaryMimeExtension BurlExtension Checkpoint Chunking
        ContentNegotiation ConversionPermission DeliverByExtension Dsn EightBitMime
        EnhancedStatusCodes EtrnExtension ExchangeMechanisms ExpnExtension FutureRelease
        HelpExtension IgnoreQuotaExtension MessageTracking MtPriority NoSoliciting OnexExtension
        PipeConnect Pipelining Prdr RecipientValidSince RequireTlsExtension SamlExtension
        SendExtension ServerLimits Size SmtpUtf8 SomlExtension StartTlsExtension
        SubmitterExtension TurnExtension Utf8Smtp VerbExtension VrfyExtension WellKnownExtension
        XClientExtension XForwardExtension XRcptForward XRcptLimit XVerpExtension
    ];
    for row in keywords() {
        let (_, reads) = types
            .iter()
            .find(|(name, _)| *name == row.from)
            .unwrap_or_else(|| panic!("{} is not read here", row.from));
        reads(row.keyword);
    }
}
