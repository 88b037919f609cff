//! Reviews in a real browser: they load nothing, report no error, and fit their window.
//!
//! Takes the Chromium that `$TASKSPEC_CHROMIUM` names, or `/usr/bin/chromium`.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use std::{env, fs, thread};
use taskspec_review::{html, markdown};
use taskspec_tests::chart::Case;
use taskspec_tests::review::review;
use taskspec_tests::tools::Helm;
use tempfile::TempDir;

/// Pages are looked at as wide as a phone, a tablet and a screen.
const WIDTHS: [u32; 3] = [400, 900, 1600];

/// The browser.
///
/// # Panics
/// If there is none.
fn chromium() -> PathBuf {
    let named = env::var_os("TASKSPEC_CHROMIUM").map(PathBuf::from);
    let program = named.unwrap_or_else(|| PathBuf::from("/usr/bin/chromium"));
    assert!(
        program.is_file(),
        "there is no Chromium at {}: `apt-get install chromium` installs it, and \
         TASKSPEC_CHROMIUM names one elsewhere",
        program.display()
    );
    program
}

/// Runs the browser without a window.
fn run(folder: &Path, arguments: &[String]) -> Output {
    let profile = folder.join("profile");
    let limit = Duration::from_secs(60);
    let mut child = Command::new(chromium())
        .current_dir(folder)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--no-first-run",
            "--disable-extensions",
            "--hide-scrollbars",
        ])
        // No name is found: neither the page nor the browser itself reaches anybody.
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .stdout(fs::File::create(folder.join("out")).expect("a file"))
        .stderr(fs::File::create(folder.join("err")).expect("a file"))
        .spawn()
        .expect("Chromium starts");
    let mut waited = Duration::ZERO;
    let status = loop {
        if let Some(status) = child.try_wait().expect("Chromium can be waited for") {
            break status;
        }
        if waited > limit {
            let _ = child.kill();
            panic!("Chromium did not end within {limit:?}");
        }
        thread::sleep(Duration::from_millis(50));
        waited += Duration::from_millis(50);
    };
    let read = |name: &str| fs::read(folder.join(name)).unwrap_or_default();
    Output {
        status,
        stdout: read("out"),
        stderr: read("err"),
    }
}

/// Every address that a page asked for, from the browser's log of the network.
/// What the browser asks on its own behalf has no page as its initiator.
fn asked(log: &Path) -> Vec<String> {
    let text = fs::read_to_string(log).expect("Chromium wrote its log");
    // A log that was cut off ends without its last brackets.
    let value: Value = serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(&format!("{}]}}", text.trim_end().trim_end_matches(','))))
        .expect("the log is JSON");
    let events = value["events"].as_array().cloned().unwrap_or_default();
    let mut found: Vec<String> = events
        .iter()
        .map(|event| &event["params"])
        .filter(|request| {
            let initiator = request["initiator"].as_str().unwrap_or("not an origin");
            initiator != "not an origin"
        })
        .filter_map(|request| request["url"].as_str())
        .filter(|url| {
            !["file:", "data:", "about:"]
                .iter()
                .any(|own| url.starts_with(own))
        })
        .map(str::to_owned)
        .collect();
    found.dedup();
    found
}

/// Shows a page and gives what it asked for and what its console says.
fn shown(folder: &Path, page: &Path, more: &[String]) -> (Vec<String>, Vec<String>) {
    let log = folder.join("net.json");
    let mut arguments = vec![
        "--enable-logging=stderr".to_owned(),
        format!("--log-net-log={}", log.display()),
        "--window-size=900,1200".to_owned(),
    ];
    arguments.extend_from_slice(more);
    arguments.push(format!("file://{}", page.display()));
    let output = run(folder, &arguments);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    // The page's own errors and refusals of its policy are CONSOLE lines.
    let console = said.lines().filter(|line| line.contains("CONSOLE"));
    (asked(&log), console.map(str::to_owned).collect())
}

#[test]
fn what_a_page_must_not_do_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    let page = folder.path().join("bad.html");
    let bad = "<img src=\"http://example.com/x.png\"><script>console.error('said')</script>";
    fs::write(&page, bad).expect("a file");
    let (asked, console) = shown(folder.path(), &page, &["--screenshot".to_owned()]);
    assert_eq!(asked, ["http://example.com/x.png"]);
    assert!(
        console.iter().any(|line| line.contains("said")),
        "{console:?}"
    );
}

/// What a script finds out about the page in a window: that it does not scroll
/// sideways, that no text of a picture leaves its box, that boxes do not overlap.
const PROBE: &str = include_str!("../browser/probe.js");

/// The page with the probe in place of its own policy, which would refuse it.
fn probed(page: &str) -> String {
    let start = page
        .find("<meta http-equiv=\"Content-Security-Policy\"")
        .expect("a policy");
    let end = start + page[start..].find('>').expect("the policy ends") + 1;
    let open = format!("{}{}", &page[..start], &page[end..]);
    open.replacen("</body>", &format!("<script>{PROBE}</script></body>"), 1)
}

/// What the probe says of a page in a window.
fn looked_at(folder: &Path, page: &Path, width: u32, theme: u32) -> String {
    let output = run(
        folder,
        &[
            format!("--window-size={width},1200"),
            format!("--blink-settings=preferredColorScheme={theme}"),
            "--dump-dom".to_owned(),
            "--virtual-time-budget=2000".to_owned(),
            format!("file://{}?width={width}", page.display()),
        ],
    );
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = dom
        .split("data-probe=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    found.unwrap_or("the probe did not run").to_owned()
}

#[test]
fn what_does_not_fit_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    let page = folder.path().join("bad.html");
    let bad = "<!DOCTYPE html><meta http-equiv=\"Content-Security-Policy\"><body><main>\
        <p class=wide style='width: 3000px'>x</p><p style='color: #999'>pale</p>\
        <svg><g class=box><rect width=20 height=20></rect><text y=12>much too long</text></g>\
        <g class=box><rect x=10 width=20 height=20></rect></g></svg></main></body>";
    fs::write(&page, probed(bad)).expect("a file");
    for width in WIDTHS {
        let found = looked_at(folder.path(), &page, width, 1);
        for wanted in [
            "scrolls sideways",
            "hard to read",
            "leaves its box",
            "lies on",
        ] {
            assert!(found.contains(wanted), "{width}: no `{wanted}` in {found}");
        }
    }
}

#[test]
fn pages_fit_their_window_and_ask_for_nothing() {
    let helm = Helm::all().pop().expect("a Helm");
    let cases = [
        Case::example("task-api-embedded"),
        Case::example("ape-2026"),
        Case::example("trevor"),
        Case::own("eleven"),
        Case::own("hostile-text"),
        Case::own("long-names"),
    ];
    let mut faults = Vec::new();
    for case in cases {
        let review = review(&case, &helm).review;
        assert!(!markdown(&review).is_empty());
        let page = html(&review);
        let folder = TempDir::new().expect("a temporary folder");
        let path = folder.path().join("review.html");
        let probe = folder.path().join("probed.html");
        fs::write(&path, &page).expect("a file");
        fs::write(&probe, probed(&page)).expect("a file");
        for (theme, number) in [("light", 1), ("dark", 0)] {
            let picture = folder.path().join(format!("{theme}.png"));
            let more = [
                format!("--blink-settings=preferredColorScheme={number}"),
                format!("--screenshot={}", picture.display()),
            ];
            let (asked, console) = shown(folder.path(), &path, &more);
            let found = asked
                .into_iter()
                .map(|url| format!("asks for {url}"))
                .chain(console);
            faults.extend(found.map(|fault| format!("{} {theme}: {fault}", case.name)));
            if !picture.is_file() {
                faults.push(format!("{} {theme}: no picture", case.name));
            }
        }
        for (width, theme) in WIDTHS
            .into_iter()
            .flat_map(|width| [(width, 0), (width, 1)])
        {
            let found = looked_at(folder.path(), &probe, width, theme);
            if !found.is_empty() {
                faults.push(format!(
                    "{} at {width} in theme {theme}: {found}",
                    case.name
                ));
            }
        }
        let printed = folder.path().join("review.pdf");
        run(
            folder.path(),
            &[
                "--no-pdf-header-footer".to_owned(),
                format!("--print-to-pdf={}", printed.display()),
                format!("file://{}", path.display()),
            ],
        );
        let size = fs::metadata(&printed).map_or(0, |file| file.len());
        if size < 10_000 {
            faults.push(format!("{}: the print has {size} bytes", case.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
