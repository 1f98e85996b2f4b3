//! Programs that a derive must take: each is one that a user has written.

mod hygiene;
mod no_prelude;
mod replies;
mod templates;
mod types;
