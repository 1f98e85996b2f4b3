//! Whole looks at real servers on the loopback interface, in each mode.

use smtp::testing::CaptureServer;

use super::options;
use crate::args::{Mode, Options};
use crate::network::Network;
use crate::report::Report;
use crate::{json, own_server, probe};

async fn look(options: &Options) -> Report {
    probe(options, Network::of_system(options)).await.expect("a look")
}

#[tokio::test]
async fn the_own_server_is_fine_in_each_mode() {
    for (arguments, mode, steps) in [
        ("", Mode::StartTls, "connect greeting EHLO STARTTLS TLS EHLO AUTH QUIT"),
        ("--implicit", Mode::Implicit, "connect TLS greeting EHLO AUTH QUIT"),
        ("--plain", Mode::Plain, "connect greeting EHLO QUIT"),
    ] {
        let mut options = options(arguments);
        let _server = own_server(&mut options).await.expect("a server");
        let report = look(&options).await;
        let text = report.to_string();
        if mode == Mode::Plain {
            // It offers AUTH in clear, as it was asked to.
            assert!(text.starts_with("WARNING: 127.0.0.1:"), "{text}");
        } else {
            assert!(text.starts_with("OK: 127.0.0.1:"), "{text}");
            assert!(
                text.contains(", TLSv1_3, verified by the given roots, logged in with PLAIN\n")
            );
        }
        assert!(report.is_fine());
        assert!(text.lines().count() <= 40, "one screen: {text}");

        let json = json::of(&report);
        assert_eq!(json["mode"], mode.to_string());
        assert_eq!(json["greeting"][0], "220 capture.example.test ESMTP");
        assert_eq!(json["name"], "localhost");
        assert_eq!(json["in_clear"].is_null(), mode == Mode::Implicit);
        assert_eq!(json["inside_tls"].is_null(), mode == Mode::Plain);
        assert_eq!(json["tls"]["verified"] == true, mode != Mode::Plain);
        assert_eq!(
            json["certificate"]["issuer"] == "CN=an authority for tests",
            mode != Mode::Plain
        );
        assert_eq!(json["login"] == "PLAIN", mode != Mode::Plain);
        assert_eq!(json["mechanisms"], serde_json::json!(["PLAIN", "LOGIN"]));
        assert_eq!(json["limits"]["bytes of a message"], 64 * 1024 * 1024);
        assert_eq!(json["addresses"][0]["used"], true);
        assert!(json["uses"].as_array().is_some_and(|uses| uses.len() > 3));
        let timeline = json["timeline"].as_array().expect("steps");
        let names: Vec<_> = timeline.iter().filter_map(|step| step["step"].as_str()).collect();
        assert_eq!(names.join(" "), steps);
        assert!(timeline.iter().all(|step| step["done"] == true), "{timeline:?}");
        assert!(json["time"].as_f64().is_some_and(|time| time > 0.0));
    }
}

#[tokio::test]
async fn a_login_that_is_refused() {
    let mut options = options("");
    let _server = own_server(&mut options).await.expect("a server");
    options.user = Some(("me".to_owned(), "S3NT1NEL".into()));
    let report = look(&options).await;
    let shown = format!("{report}{}", json::of(&report));
    assert!(shown.starts_with("WRONG: 127.0.0.1:") && shown.contains("535"), "{shown}");
    assert_eq!(report.findings[0].kind, "login_refused");
    assert!(!shown.contains("S3NT1NEL") && !shown.contains("UzNOVDFORUw"), "{shown}");
}

/// A server that listens on one of two addresses of its name.
#[tokio::test]
async fn a_name_of_two_addresses() {
    let server = CaptureServer::builder().start().await.expect("a server");
    let mut options = options(&format!("localhost:{}", server.port()));
    options.root = Some(server.authority_pem().into());
    let report = look(&options).await;
    assert!(report.is_fine(), "{report}");
    let json = json::of(&report);
    // Some machines have the other one, and no server listens there.
    assert!(matches!(report.verdict().0, "ok" | "warning"), "{report}");
    assert_eq!(json["timeline"][0]["step"], "name");
}
