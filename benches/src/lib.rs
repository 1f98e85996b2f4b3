//! What the programs that count share: an allocator that keeps the books, and servers in processes
//! of their own, so that nothing they do is counted.

#![warn(missing_docs)]

pub mod counting;
pub mod servers;
