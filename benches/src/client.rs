//! The settings that the clients of this library share: how messages travel, TLS, offers that are
//! remembered.

use bench_common::Args;
use smtp::connect::CapabilityCache;
use smtp::grammar::Domain;
use smtp::state::Verification;
use smtp::{TlsConfig, Transfer};

thread_local! {
    static TLS: TlsConfig = TlsConfig::from_rustls(bench_unchecked::config(), Verification::Custom);
    static OFFERS: CapabilityCache = CapabilityCache::new();
}

/// Accepts the certificate of the sink, which is self-signed. One cache of tickets for all.
pub fn tls() -> TlsConfig {
    TLS.with(TlsConfig::clone)
}

/// The offers of earlier sessions, for all.
pub fn offers() -> CapabilityCache {
    OFFERS.with(CapabilityCache::clone)
}

/// The name in EHLO.
pub fn client_name() -> Domain {
    "client.example".parse().unwrap()
}

/// How messages travel: with DATA; by `--mode chunks` with BDAT, once each recipient is answered; by
/// `--bdat` in one flight with their commands, `--window` of them at a time.
pub fn transfer(args: &Args) -> Transfer {
    match (args.mode.as_str(), args.bdat) {
        ("", false) => Transfer::data(),
        ("", true) => Transfer::eager().window(args.window, 4 << 20),
        ("chunks", _) => Transfer::chunks(),
        (other, _) => panic!("--mode {other}"),
    }
}
