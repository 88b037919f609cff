//! Specifications: read, and compiled as far as they can be.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::Targets;
use crate::compiler::{Chart, Compilation, Setting, Severity, component};
use crate::failure::Failure;
use crate::output::{self, Digest, Origin};
use crate::report::Source;

/// Bytes of a specification; the largest known one has 20 KiB.
const SPEC_BYTES_MAX: u64 = 4 << 20;

/// The setting with the text of a catalog file.
const CATALOG: &str = "catalog";

/// What the compiler is told besides the specification.
pub(super) fn settings(catalog: Option<&Path>) -> Result<Vec<Setting>, Failure> {
    let Some(file) = catalog else {
        return Ok(Vec::new());
    };
    let name = file.display().to_string();
    Ok(vec![Setting {
        key: CATALOG.to_owned(),
        value: read(file, &name)?.text,
    }])
}

/// What a chart of this specification is made from.
pub(super) fn origin(source: &Source, settings: &[Setting]) -> Origin {
    let catalog = settings.iter().find(|setting| setting.key == CATALOG);
    Origin {
        release: env!("CARGO_PKG_VERSION").to_owned(),
        component: Digest::from_hex(component::SHA256),
        spec: Digest::of_text(&source.text),
        catalog: catalog.map(|setting| Digest::of_text(&setting.value)),
    }
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

/// The folder of a specification's chart.
pub(super) fn folder(targets: &Targets, chart: &Chart) -> Result<PathBuf, Failure> {
    if let Some(folder) = &targets.output {
        return Ok(folder.clone());
    }
    output::check_name(&chart.name)?;
    Ok(targets.into.join(&chart.name))
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

/// A specification that is a file, or one that git keeps: `REV:PATH`, or `REV`
/// alone for the path of `spec` in that revision.
pub(super) fn revision(against: &str, spec: &Path) -> Result<Source, Failure> {
    let path = Path::new(against);
    if path.is_file() || against == "-" {
        return read(path, &name(path));
    }
    // A revision alone means the specification's own path in it.
    let (revision, inside) = against.split_once(':').unwrap_or((against, ""));
    let (folder, inside) = match inside {
        "" => {
            let folder = spec
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let file = spec.file_name().unwrap_or_default().to_string_lossy();
            (folder.unwrap_or(Path::new(".")), format!("./{file}"))
        }
        inside => (Path::new("."), inside.to_owned()),
    };
    let wanted = format!("{revision}:{inside}");
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .args(["show", "--end-of-options", &wanted])
        .stdin(Stdio::null());
    let help = "name a file, or REV or REV:PATH of the git repository that the specification is in";
    let output = command.output().map_err(|error| {
        Failure::world(format!(
            "there is no file `{against}`, and git cannot be run: {error}"
        ))
        .help(help)
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::world(format!(
            "there is neither a file nor a revision `{against}`"
        ))
        .note(said)
        .help(help));
    }
    let text = String::from_utf8(output.stdout)
        .map_err(|_| Failure::spec(format!("`{against}` is not UTF-8 text")))?;
    Ok(Source {
        name: against.to_owned(),
        text,
    })
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
