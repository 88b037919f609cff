//! The taskspec runner: the command line, the host of the compiler component
//! with its limits, and the writing of charts.
//!
//! Takes a specification's text to the compiler and brings its files and
//! diagnostics back. Never decides anything about a chart.

use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

pub mod cli;
mod commands;
pub mod compiler;
mod engine_config;
pub mod failure;
mod guest;
pub mod helm;
pub mod limits;
pub mod output;
pub mod package;
pub mod rendering;
pub mod report;
mod terminal;
pub mod verifier;

use failure::{Exit, Failure};
use terminal::Terminal;

/// Runs the command line, the program's name included, and says how it ended.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    panic::set_hook(Box::new(|panic| {
        let failure = Failure::bug(format!("internal error: {panic}"));
        Terminal::default().report_failure(&failure);
    }));
    let exit = panic::catch_unwind(AssertUnwindSafe(|| commands::run(arguments)));
    exit.unwrap_or(Exit::Bug).into()
}
