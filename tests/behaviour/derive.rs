//! Programs that the derives must accept, each as a user would write it.

mod hygiene;
mod no_prelude;
mod replies;
mod templates;
mod types;
