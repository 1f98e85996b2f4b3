//! Error texts, word for word: each says what was tried, the server's line or the value that was
//! wrong, whose fault it is, and what to do.

mod certificates;
mod commands;
mod connecting;
mod index;
mod replies;
mod sessions;
