//! Tests with real servers, and the helpers that they share.

/// A test for each server, of a function that takes its name.
macro_rules! with_each_server {
    ($through:ident) => {
        with_each_server!($through: postfix dovecot exim aiosmtpd nodemailer);
    };
    ($through:ident: $($server:ident)*) => {
        $(
            #[tokio::test]
            async fn $server() {
                $through(stringify!($server)).await;
            }
        )*
    };
}

mod addresses;
mod authenticate;
mod channel_binding;
mod commands;
mod early;
mod external;
#[cfg(feature = "gssapi")]
mod gssapi;
mod lmtp;
mod mailbox_check;
mod mechanisms;
mod ntlm_otp;
mod pipeline;
mod postfix;
mod proxies;
mod resumption;
mod round_trip;
mod server;
mod streams;
mod support;
