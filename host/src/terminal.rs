//! Standard output and standard error, in colour where that is wanted.
//!
//! A reader that closed the pipe is not an error: `taskspec explain | head`
//! ends quietly.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::{env, process};

use anstream::AutoStream;
use anstream::adapter::strip_str;
use anstream::stream::{AsLockedWrite, RawStream};
use clap::ValueEnum;

use crate::failure::Failure;
use crate::report;

/// When to use colour. The values are Helm's, which reads the option too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// When the output is a terminal and `NO_COLOR` is not set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    fn on(self, is_terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => false,
            Self::Auto if env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Self::Auto => is_terminal && env::var_os("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

/// Where a command's output goes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal {
    color: Color,
    /// Whether to say what is done when, on standard error.
    pub verbose: bool,
}

impl Terminal {
    /// `HELM_DEBUG` makes it verbose; Helm sets it for `--debug`.
    pub fn new(color: Color) -> Self {
        let verbose =
            env::var("HELM_DEBUG").is_ok_and(|value| matches!(value.as_str(), "1" | "true"));
        Self { color, verbose }
    }

    /// Writes to standard output; `text` may be styled.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let stdout = io::stdout();
        let color = self.color.on(stdout.is_terminal());
        match write(stdout.lock(), color, text) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::io(
                "write to",
                Path::new("standard output"),
                &error,
            )),
            _ => Ok(()),
        }
    }

    /// Writes to standard error; `text` may be styled. Nobody is left to tell
    /// when that fails.
    pub fn print_error(&self, text: &str) {
        let stderr = io::stderr();
        let color = self.color.on(stderr.is_terminal());
        let _ = write(stderr.lock(), color, text);
    }

    /// Explains a failure on standard error.
    pub fn report_failure(&self, failure: &Failure) {
        self.print_error(&report::failure(failure));
    }

    /// Explains a failure and ends the process.
    pub fn abort(&self, failure: &Failure) -> ! {
        self.report_failure(failure);
        process::exit(failure.exit as i32)
    }
}

/// In one piece where possible, so that the lines of two processes do not mix.
fn write(mut stream: impl RawStream + AsLockedWrite, color: bool, text: &str) -> io::Result<()> {
    if color {
        // Translates for Windows consoles that do not know escape sequences.
        let mut stream = AutoStream::always(stream);
        stream.write_all(text.as_bytes())?;
        stream.flush()
    } else {
        stream.write_all(strip_str(text).to_string().as_bytes())?;
        stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_that_was_asked_for_wins_over_the_terminal() {
        assert!(Color::Always.on(false));
        assert!(!Color::Never.on(true));
    }
}
