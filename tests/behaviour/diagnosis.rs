//! What an error says, in its own words: what was tried, the server's own line or the value that
//! was wrong, whose doing it is, and what to do.

mod certificates;
mod commands;
mod connecting;
mod index;
mod replies;
mod sessions;
