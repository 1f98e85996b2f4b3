//! The parts that the programs share: the settings of a client; for those that count, a counting
//! allocator, and servers in processes of their own, so that the servers' work is not counted.

#![warn(missing_docs)]

pub mod client;
pub mod counting;
pub mod servers;
