//! The collector of errors, so that all mistakes of an input are reported at once.

use std::cell::RefCell;
use std::fmt::Display;

use quote::ToTokens;
use syn::Error;

/// Gathers errors. A stage that drops it without `finish` would let a wrong input through, so a
/// debug build panics then.
pub(crate) struct Errors(RefCell<Option<Vec<Error>>>);

impl Errors {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Some(Vec::new())))
    }

    /// Adds an error that underlines `tokens`.
    pub(crate) fn at(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&self, error: Error) {
        if let Some(errors) = self.0.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// Keeps the value, or the error.
    pub(crate) fn keep<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// All errors as one.
    pub(crate) fn finish(self) -> Result<(), Error> {
        let errors = self.0.borrow_mut().take().unwrap_or_default();
        errors
            .into_iter()
            .reduce(|mut all, next| {
                all.combine(next);
                all
            })
            .map_or(Ok(()), Err)
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        debug_assert!(
            self.0.borrow().is_none() || std::thread::panicking(),
            "errors of an input were gathered and not reported"
        );
    }
}
