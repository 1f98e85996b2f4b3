//! The parts that the counting programs share: a counting allocator, and servers in processes of
//! their own, so that the servers' work is not counted.

#![warn(missing_docs)]

pub mod counting;
pub mod servers;
