//! The pages of `docs/`: their specifications compile, their links lead
//! somewhere.

use std::fs;
use std::path::{Path, PathBuf};
use taskspec_plugin::Severity;
use taskspec_tests::parallel;
use taskspec_tests::tools::workspace;

/// Pages that a program writes; their examples are checked where they come from.
const GENERATED: &str = "<!-- Written by `cargo xtask gen`. -->";

/// A page and its text.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text =
            fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        Self { path, text }
    }

    fn is_generated(&self) -> bool {
        self.text.starts_with(GENERATED)
    }

    /// The project's and the folder's README, which lead to the other pages.
    fn is_index(&self) -> bool {
        self.path.ends_with("README.md")
    }

    /// The complete specifications among its blocks, with the line they start in.
    fn specifications(&self) -> Vec<(usize, &str)> {
        const OPEN: &str = "```toml\n";
        let opened = self.text.match_indices(OPEN);
        opened
            .map(|(start, _)| {
                let body = &self.text[start + OPEN.len()..];
                let end = body
                    .find("\n```")
                    .unwrap_or_else(|| panic!("{}: a block without an end", self.path.display()));
                let line = self.text[..start].matches('\n').count() + 1;
                (line, &body[..=end])
            })
            .filter(|(_, block)| block.starts_with("spec = "))
            .collect()
    }

    /// Where its links lead, without what is in code.
    fn links(&self) -> Vec<String> {
        let mut code = false;
        let mut targets = Vec::new();
        for line in self.text.lines() {
            if line.starts_with("```") {
                code = !code;
                continue;
            }
            if code {
                continue;
            }
            // Every second part stands between backticks.
            let prose: String = line.split('`').step_by(2).collect();
            targets.extend(
                prose
                    .split("](")
                    .skip(1)
                    .filter_map(|rest| rest.split(')').next().map(str::to_owned)),
            );
        }
        targets
    }

    /// Its headings, as links name them.
    fn anchors(&self) -> Vec<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        headings.map(anchor).collect()
    }
}

/// As GitHub makes it: lower case, dashes for spaces, no other signs.
fn anchor(heading: &str) -> String {
    let title = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().replace(' ', "-")
}

/// Every page of the folder, and the project's README.
fn pages() -> Vec<Page> {
    let entries = fs::read_dir(workspace().join("docs")).expect("docs is readable");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    paths.push(workspace().join("README.md"));
    paths.into_iter().map(Page::read).collect()
}

#[test]
fn every_specification_gives_a_chart() {
    let pages = pages();
    let written = pages.iter().filter(|page| !page.is_generated());
    let (mut concepts, mut found, mut faults) = (0, 0, Vec::new());
    for page in written {
        let place = page.path.display();
        let specifications = page.specifications();
        found += specifications.len();
        if !page.is_index() {
            concepts += 1;
            if specifications.is_empty() {
                faults.push(format!("{place}: no specification"));
            }
        }
        for (line, specification) in specifications {
            let compilation = taskspec_plugin::compile(specification, &[]);
            let errors = compilation
                .diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.severity == Severity::Error);
            faults.extend(
                errors.map(|error| format!("{place}:{line}: {} {}", error.code, error.message)),
            );
            if compilation.chart.is_none() {
                faults.push(format!("{place}:{line}: no chart"));
            }
        }
    }
    assert!(concepts >= 12, "only {concepts} pages found");
    assert!(
        found >= concepts,
        "{found} specifications on {concepts} pages"
    );
    parallel::report(faults);
}

#[test]
fn every_link_leads_somewhere() {
    let mut faults = Vec::new();
    let mut count = 0;
    for page in pages() {
        let folder = page.path.parent().expect("a page is in a folder");
        for link in page.links() {
            if link.contains("://") {
                continue;
            }
            count += 1;
            if let Some(fault) = dead(&page, folder, &link) {
                faults.push(format!("{}: {link}: {fault}", page.path.display()));
            }
        }
    }
    assert!(count >= 20, "only {count} links found");
    parallel::report(faults);
}

/// What is wrong with a relative link.
fn dead(page: &Page, folder: &Path, link: &str) -> Option<&'static str> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let path = folder.join(file);
    if !file.is_empty() && !path.exists() {
        return Some("no such file");
    }
    if heading.is_empty() {
        return None;
    }
    let anchors = if file.is_empty() {
        page.anchors()
    } else {
        Page::read(path).anchors()
    };
    (!anchors.iter().any(|known| known == heading)).then_some("no such heading")
}

/// The index names every page: none is lost.
#[test]
fn the_index_names_every_page() {
    let index = Page::read(workspace().join("docs/README.md"));
    let links = index.links();
    let faults = pages()
        .iter()
        .filter(|page| !page.is_index())
        .filter_map(|page| Some(page.path.file_name()?.to_string_lossy().into_owned()))
        .filter(|name| !links.contains(name))
        .map(|name| format!("docs/README.md does not name {name}"))
        .collect();
    parallel::report(faults);
}
