//! Specifications: read, and compiled as far as they can be.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::compiler::{Chart, Compilation, Setting, Severity};
use crate::failure::Failure;
use crate::report::Source;

/// Bytes of a specification; the largest known one has 20 KiB.
const SPEC_BYTES_MAX: u64 = 4 << 20;

/// What the compiler is told besides the specification.
pub(super) fn settings(catalog: Option<&Path>) -> Result<Vec<Setting>, Failure> {
    let Some(file) = catalog else {
        return Ok(Vec::new());
    };
    let name = file.display().to_string();
    Ok(vec![Setting {
        key: "catalog".to_owned(),
        value: read(file, &name)?.text,
    }])
}

/// The chart, unless the specification is faulty.
pub(super) fn compiled(compilation: &Compilation) -> Result<Option<&Chart>, Failure> {
    let is_faulty = compilation
        .diagnostics
        .iter()
        .any(|d| d.severity == Severity::Error);
    match &compilation.chart {
        _ if is_faulty => Ok(None),
        Some(chart) => Ok(Some(chart)),
        None => Err(Failure::bug(
            "internal error: the compiler gave neither a chart nor an error",
        )),
    }
}

/// What to call a specification in messages.
pub(super) fn name(spec: &Path) -> String {
    if spec == Path::new("-") {
        "<stdin>".to_owned()
    } else {
        spec.display().to_string()
    }
}

/// Reads a specification.
pub(super) fn read(spec: &Path, name: &str) -> Result<Source, Failure> {
    let bytes = if spec == Path::new("-") {
        read_all(&mut io::stdin().lock())
            .map_err(|error| Failure::io("read", Path::new("standard input"), &error))?
    } else {
        File::open(spec)
            .and_then(|mut file| read_all(&mut file))
            .map_err(|error| Failure::io("read", spec, &error))?
    };
    if bytes.len() as u64 > SPEC_BYTES_MAX {
        let mib = SPEC_BYTES_MAX >> 20;
        return Err(Failure::spec(format!("`{name}` has more than {mib} MiB"))
            .help("a specification states intent; keep data in files of its own"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Source {
            name: name.to_owned(),
            text,
        }),
        Err(error) => Err(not_utf8(name, &error)),
    }
}

/// One byte more than allowed is enough to know, whatever the size.
fn read_all(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(SPEC_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_utf8(name: &str, error: &std::string::FromUtf8Error) -> Failure {
    let offset = error.utf8_error().valid_up_to();
    let (good, bad) = error.as_bytes().split_at(offset);
    let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
    let byte = bad.first().copied().unwrap_or_default();
    let failure = Failure::spec(format!("`{name}` is not UTF-8 text")).note(format!(
        "line {line} has the byte 0x{byte:02x} at offset {offset}"
    ));
    if bad.starts_with(&[0xff, 0xfe]) || bad.starts_with(&[0xfe, 0xff]) {
        failure.help("it begins like UTF-16; save it as UTF-8")
    } else {
        failure.help("save the file as UTF-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    fn refused(bytes: &[u8]) -> Failure {
        let error = String::from_utf8(bytes.to_vec()).unwrap_err();
        not_utf8("spec.toml", &error)
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_place() {
        let failure = refused(b"a = 1\r\nb = \"\xe9\"\n");
        assert_eq!(failure.exit, Exit::Spec);
        assert_eq!(failure.notes, ["line 2 has the byte 0xe9 at offset 12"]);
        assert_eq!(failure.help.as_deref(), Some("save the file as UTF-8"));
        assert!(refused(b"\xff\xfea\0").help.unwrap().contains("UTF-16"));
    }

    #[test]
    fn a_compiler_that_says_nothing_is_a_bug() {
        let nothing = Compilation {
            chart: None,
            diagnostics: vec![],
        };
        assert_eq!(compiled(&nothing).unwrap_err().exit, Exit::Bug);
    }
}
