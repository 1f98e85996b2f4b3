//! The support table: it has every type of the public API, the guide shows it as it is, and each
//! of its rows has a dialogue. Those of parameters are in `parameters`.

mod commands;
mod complete;
mod guide;
mod keywords;
mod lines;
mod mechanisms;
