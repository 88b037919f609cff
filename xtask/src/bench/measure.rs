//! Time and memory of one process.

use crate::process;
use anyhow::{Context, Result, bail};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    time: Duration,
    /// Greatest resident set in KiB, where the system tells.
    peak_kib: Option<u64>,
}

impl Sample {
    /// Greatest resident set in KiB, where the system tells.
    pub fn peak_kib(self) -> Option<u64> {
        self.peak_kib
    }
}

/// What several runs took.
#[derive(Debug, Default)]
pub struct Samples {
    times: Vec<Duration>,
    peak_kib: Option<u64>,
}

impl Samples {
    /// Adds a run.
    pub fn add(&mut self, sample: Sample) {
        let place = self.times.partition_point(|time| *time < sample.time);
        self.times.insert(place, sample.time);
        self.peak_kib = self.peak_kib.max(sample.peak_kib);
    }

    /// The quickest run.
    pub fn min(&self) -> Duration {
        self.times.first().copied().unwrap_or_default()
    }

    /// The run in the middle.
    pub fn median(&self) -> Duration {
        self.times
            .get(self.times.len() / 2)
            .copied()
            .unwrap_or_default()
    }

    /// Greatest resident set of all runs in KiB, where the system tells.
    pub fn peak_kib(&self) -> Option<u64> {
        self.peak_kib
    }
}

/// Runs a command to its end, its output thrown away: a terminal would cost time.
pub fn run(command: &mut Command) -> Result<Sample> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let start = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start `{}`", process::line(command)))?;
    let (success, peak_kib) = wait(child)?;
    let time = start.elapsed();
    if !success {
        bail!("`{}` failed; run it to see why", process::line(command));
    }
    Ok(Sample { time, peak_kib })
}

/// Waits for the end; the kernel accounts the peak with it. A new process is
/// charged with this one's size at its start, which `bench` therefore names.
#[cfg(target_os = "linux")]
fn wait(child: std::process::Child) -> Result<(bool, Option<u64>)> {
    let pid = libc::pid_t::try_from(child.id()).context("a process id out of range")?;
    let mut status = 0;
    // SAFETY: all-zero bytes are a valid `rusage`, which is plain numbers.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live locals, and the process is our child
    // that nobody else waits for: dropping a `Child` does not.
    let waited = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
    if waited != pid {
        bail!(
            "cannot wait for a process: {}",
            std::io::Error::last_os_error()
        );
    }
    let success = libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0;
    Ok((success, u64::try_from(usage.ru_maxrss).ok()))
}

#[cfg(not(target_os = "linux"))]
fn wait(mut child: std::process::Child) -> Result<(bool, Option<u64>)> {
    Ok((child.wait()?.success(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_in_order_of_time() {
        let mut samples = Samples::default();
        for (millis, peak) in [(3, 10), (1, 30), (2, 20)] {
            let time = Duration::from_millis(millis);
            samples.add(Sample {
                time,
                peak_kib: Some(peak),
            });
        }
        assert_eq!(samples.min(), Duration::from_millis(1));
        assert_eq!(samples.median(), Duration::from_millis(2));
        assert_eq!(samples.peak_kib(), Some(30));
    }
}
