//! The examples are programs; this library is empty and exists because a package must have one.
