//! A file as it is in the chart's folder.
//!
//! Git may check out a file with other line endings than it was committed
//! with. Such a file counts as what taskspec wrote.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::failure::Failure;

use super::Digest;

/// Bytes of a file that is looked into; a larger one is only told apart.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// What is at a path.
#[derive(Debug)]
pub(super) struct OnDisk {
    pub metadata: Metadata,
    digest: Digest,
    /// With `\n` for `\r\n`; none if there is none of these.
    normal: Option<Digest>,
    /// None if it is no text, or very large.
    pub text: Option<String>,
}

impl OnDisk {
    pub fn read(path: &Path, metadata: Metadata) -> Result<Self, Failure> {
        Self::of(path, metadata).map_err(|error| Failure::io("read", path, &error))
    }

    fn of(path: &Path, metadata: Metadata) -> io::Result<Self> {
        if metadata.len() > TEXT_BYTES_MAX {
            let digest = digest_in_pieces(path)?;
            return Ok(Self {
                metadata,
                digest,
                normal: None,
                text: None,
            });
        }
        let bytes = fs::read(path)?;
        let digest = Digest::of(&bytes);
        let text = String::from_utf8(bytes).ok();
        let normal = text
            .as_deref()
            .filter(|text| text.contains("\r\n"))
            .map(|text| Digest::of(with_newlines(text).as_bytes()));
        Ok(Self {
            metadata,
            digest,
            normal,
            text,
        })
    }

    /// Whether it has the contents with this digest, line endings aside.
    pub fn is(&self, digest: &str) -> bool {
        self.digest.as_str() == digest
            || self
                .normal
                .as_ref()
                .is_some_and(|normal| normal.as_str() == digest)
    }
}

/// `\n` for every `\r\n`.
pub(crate) fn with_newlines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// The digest of a file of any size.
pub(super) fn digest_in_pieces(path: &Path) -> io::Result<Digest> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(Digest::finish(hasher)),
            Ok(n) => hasher.update(&piece[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
