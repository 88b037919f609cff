//! On this system folders do not change places in one step.

use std::path::PathBuf;

use crate::failure::Failure;

use super::FileOutcome;
use super::commit::Job;
use super::folder::Folder;

/// Never.
pub(super) fn commit(
    _job: &Job<'_>,
    _rescued: &mut Vec<String>,
    _leftovers: &mut Vec<PathBuf>,
) -> Result<Option<Vec<FileOutcome>>, Failure> {
    Ok(None)
}

/// There is nothing to mend.
pub(super) fn mend(_folder: &Folder, _rescued: &mut Vec<String>, _leftovers: &mut Vec<PathBuf>) {}
