//! The embedded component and the natively linked compiler are one program.

use std::fs;
use std::path::Path;
use std::thread;

use taskspec::compiler::Compiler;
use taskspec::limits::Limits;

/// Damaged specifications for each good one.
const ROUNDS: usize = 60;

/// Every specification of the repository.
fn specs() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut paths = Vec::new();
    for (folder, inner) in [
        ("spec/examples", ""),
        ("plugin/starters", ""),
        ("tests/charts", "spec.toml"),
    ] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            paths.push(if inner.is_empty() {
                path
            } else {
                path.join(inner)
            });
        }
    }
    paths.sort();
    assert!(paths.len() > 30);
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    texts.collect()
}

/// Specifications made by damaging good ones, some thousands of them: the
/// component says and makes what the native compiler does.
#[test]
fn component_and_native_compiler_agree_on_damaged_specifications() {
    let faults: Vec<String> = thread::scope(|scope| {
        let mut threads = Vec::new();
        for half in 0..2 {
            let specs = specs().into_iter().enumerate();
            threads.push(scope.spawn(move || {
                let mine = specs.filter(|(seed, _)| seed % 2 == half);
                mine.flat_map(|(seed, spec)| disagreements(seed, &spec))
                    .collect::<Vec<_>>()
            }));
        }
        let results = threads.into_iter().map(|thread| thread.join().unwrap());
        results.flatten().collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What both compilers say and make.
type Outcome = (Vec<String>, Option<Vec<(String, String)>>);

fn disagreements(seed: usize, good: &str) -> Vec<String> {
    let mut random = Random(seed as u64 + 1);
    let mut faults = Vec::new();
    for round in 0..ROUNDS {
        let spec = damaged(good, &mut random);
        if by_component(&spec) != by_native(&spec) {
            faults.push(format!("specification {seed}, round {round}:\n{spec}"));
        }
    }
    faults
}

fn by_component(spec: &str) -> Outcome {
    let mut compiler =
        Compiler::load(Limits::default(), |failure| panic!("{}", failure.message)).unwrap();
    let compilation = compiler.compile(spec, &[]).unwrap();
    let said = compilation
        .diagnostics
        .into_iter()
        .map(|one| format!("{} {}", one.code, one.message));
    let files = compilation.chart.map(|chart| {
        let files = chart.files.into_iter();
        files.map(|file| (file.path, file.contents)).collect()
    });
    (said.collect(), files)
}

fn by_native(spec: &str) -> Outcome {
    let compilation = taskspec_plugin::compile(spec, &[]);
    let said = compilation
        .diagnostics
        .into_iter()
        .map(|one| format!("{} {}", one.code, one.message));
    let files = compilation.chart.map(|chart| {
        let files = chart.files.into_iter();
        files.map(|file| (file.path, file.contents)).collect()
    });
    (said.collect(), files)
}

/// xorshift: the same numbers everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % bound.max(1)
    }
}

/// A specification with a few places that are not as they were.
fn damaged(spec: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = spec.lines().map(str::to_owned).collect();
    for _ in 0..=random.below(3) {
        let at = random.below(lines.len());
        let other = random.below(lines.len());
        match random.below(6) {
            0 => drop(lines.remove(at)),
            1 => {
                let line = lines[other].clone();
                lines.insert(at, line);
            }
            2 => lines.swap(at, other),
            3 => {
                let digits = |c: char| c.is_ascii_digit();
                lines[at] = lines[at].replace(digits, ["0", "9", "65536", "-1"][random.below(4)]);
            }
            4 => {
                let words: Vec<&str> = lines[at].split('"').collect();
                let word = ["", "é", "{{ .Values }}", "a b", "\\n", "null"][random.below(6)];
                if words.len() > 2 {
                    lines[at] = format!("{}\"{word}\"{}", words[0], words[2..].join("\""));
                }
            }
            _ => {
                let cut = random.below(lines[at].chars().count() + 1);
                lines[at] = lines[at].chars().take(cut).collect();
            }
        }
        if lines.is_empty() {
            break;
        }
    }
    lines.join("\n") + "\n"
}
