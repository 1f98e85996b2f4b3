//! The addresses of a server: how they are found, which are tried, when, and what is said of those
//! that were tried in vain.

use std::time::Duration;

mod families;
mod found;
mod hickory;
mod network;
mod next;
mod race;
mod srv;
#[cfg(unix)]
mod unix;

const MILLISECOND: Duration = Duration::from_millis(1);
