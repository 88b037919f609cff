//! How a run ends: the exit codes, and the failures that lead to them.
//!
//! Three kinds of failure never mix. The specification or the command line is
//! wrong, the world is wrong (a file, a permission, a limit), or taskspec is.

use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::compiler::component;

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// Done, but something needs a look: files edited by hand were kept.
    Findings = 1,
    /// The specification or the command line is wrong.
    Spec = 2,
    /// Something around taskspec is wrong: a file, a permission, a limit.
    World = 3,
    /// A bug in taskspec.
    Bug = 70,
}

impl Exit {
    /// Of two runs, how both together end.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        match self as u8 >= other as u8 {
            true => self,
            false => other,
        }
    }

    /// The name of the kind in machine-readable output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Findings => "findings",
            Self::Spec => "spec",
            Self::World => "world",
            Self::Bug => "bug",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a run could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which kind it is.
    pub exit: Exit,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Facts that help to understand it.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Failure {
    /// The specification or the command line is wrong.
    pub fn spec(message: impl Into<String>) -> Self {
        Self::new(Exit::Spec, message)
    }

    /// Something around taskspec is wrong.
    pub fn world(message: impl Into<String>) -> Self {
        Self::new(Exit::World, message)
    }

    /// taskspec is wrong; says what to report.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Exit::Bug, message)
            .note("this is a bug in taskspec")
            .help(format!(
                "please report it at {}/issues with this text, the specification if it may be \
             shared, and: taskspec {}, component sha256:{}, wasmtime {}, {}",
                env!("CARGO_PKG_REPOSITORY"),
                env!("CARGO_PKG_VERSION"),
                component::SHA256,
                component::WASMTIME,
                component::TARGET,
            ))
    }

    /// `action` on `path` failed, such as "write" on `values.yaml`.
    pub fn io(action: &str, path: &Path, error: &io::Error) -> Self {
        let failure = Self::world(format!(
            "cannot {action} `{}`: {}",
            path.display(),
            reason(error)
        ));
        match remedy(error.kind()) {
            Some(help) => failure.help(help),
            None => failure,
        }
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do, in place of what was said before.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            notes: Vec::new(),
            help: None,
        }
    }
}

/// The system's words without the trailing "(os error 13)".
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

fn remedy(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    Some(match kind {
        Kind::NotFound => "check the path",
        Kind::PermissionDenied => "give this user the permission, or choose another path",
        Kind::ReadOnlyFilesystem => "choose a path on a file system that can be written to",
        Kind::StorageFull | Kind::QuotaExceeded => "free some space, then run the command again",
        Kind::NotADirectory => "a part of the path is a file; choose another path",
        Kind::IsADirectory => "name a file, not a folder",
        Kind::CrossesDevices => "the chart's folder must not span several file systems",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn io_failures_name_the_path_and_the_remedy() {
        let error = io::Error::from_raw_os_error(2);
        let failure = Failure::io("read", Path::new("spec.toml"), &error);
        assert_eq!(
            failure.message,
            "cannot read `spec.toml`: No such file or directory"
        );
        assert_eq!(failure.help.as_deref(), Some("check the path"));
        assert_eq!(failure.exit, Exit::World);
    }

    #[test]
    fn bugs_say_what_to_report() {
        let failure = Failure::bug("internal error: boom");
        let help = failure.help.unwrap();
        assert_eq!(failure.exit as u8, 70);
        assert!(help.contains(component::SHA256), "{help}");
        assert!(help.contains(env!("CARGO_PKG_VERSION")), "{help}");
    }
}
