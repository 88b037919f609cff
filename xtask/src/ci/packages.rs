//! Debian packages that the sections of CI need.

use crate::workspace::Workspace;
use crate::{component, process, tools};
use anyhow::{Result, bail};
use std::process::Command;
use std::{env, fs};

/// Makes sure that the component can be built, Python environments made and the
/// servers of the tests started. In CI, as root, installs what is missing;
/// elsewhere says how to.
pub fn ensure(workspace: &Workspace) -> Result<()> {
    let (packages, reasons) = missing(workspace)?;
    if packages.is_empty() {
        println!("everything is there");
        return Ok(());
    }
    for reason in &reasons {
        println!("{reason}");
    }
    let install = format!("apt-get install {}", packages.join(" "));
    let in_ci = env::var("CI").is_ok_and(|value| value == "true");
    if !in_ci || !is_root() || process::find("apt-get").is_none() {
        bail!("packages are missing; `{install}` installs them");
    }
    println!("running `{install}`, because this is CI and root");
    let apt = || {
        let mut command = Command::new("apt-get");
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .arg("--quiet");
        command
    };
    process::run(apt().arg("update"))?;
    process::run(
        apt()
            .args(["install", "--yes", "--no-install-recommends"])
            .args(&packages),
    )?;
    match missing(workspace)? {
        (packages, _) if packages.is_empty() => Ok(()),
        (_, reasons) => bail!("installed, and still:\n{}", reasons.join("\n")),
    }
}

/// Packages that are missing, and what showed it.
fn missing(workspace: &Workspace) -> Result<(Vec<&'static str>, Vec<String>)> {
    let python = tools::Python::with_venv().err();
    let needs: [(&[&'static str], Option<String>); 6] = [
        (
            &component::DEBIAN_PACKAGES,
            component::toolchain_problem(workspace)?,
        ),
        (
            &tools::PYTHON_PACKAGES,
            python.map(|problem| format!("{problem:#}")),
        ),
        (&["postgresql"], no_postgresql()),
        (&["redis-server"], no_redis()),
        (&["chromium", "fonts-dejavu-core"], no_chromium()),
        (&["strace"], no_strace()),
    ];
    let (mut packages, mut reasons) = (Vec::new(), Vec::new());
    for (names, problem) in needs {
        if let Some(problem) = problem {
            packages.extend(names);
            reasons.push(problem);
        }
    }
    Ok((packages, reasons))
}

/// The tests run the charts' scripts against real servers.
fn no_postgresql() -> Option<String> {
    let found = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .any(|version| process::is_executable(&version.path().join("bin/postgres")));
    (!found).then(|| "no PostgreSQL server for the tests".to_owned())
}

fn no_redis() -> Option<String> {
    let found = process::find("redis-server").is_some();
    (!found).then(|| "no redis-server for the tests".to_owned())
}

/// The tests look at reviews in a real browser.
fn no_chromium() -> Option<String> {
    let named = env::var_os("TASKSPEC_CHROMIUM").is_some();
    let found = named || process::find("chromium").is_some();
    (!found).then(|| "no Chromium for the tests".to_owned())
}

/// The tests kill builds at each of their system calls.
fn no_strace() -> Option<String> {
    let found = process::find("strace").is_some();
    (!found).then(|| "no strace for the tests".to_owned())
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
