//! The taskspec compiler as a library.
//!
//! Takes the text of a specification, gives the files of a Helm chart and
//! diagnostics. Never reads a file, a clock, a random number, an environment
//! variable or the network: the same arguments always give the same result.

mod api;
pub mod catalog;
pub mod cel;
mod emit;
pub mod lower;
pub mod values;
mod yaml;

pub use api::*;
